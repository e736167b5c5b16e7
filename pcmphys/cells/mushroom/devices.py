"""Populations of mushroom cells: one physical state behind programming, I-V, drift, noise and retention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.mushroom import checks as checks
from pcmphys.cells.mushroom import draws
from pcmphys.cells.mushroom import pulse as pulses
from pcmphys.cells.mushroom import read as reads
from pcmphys.cells.mushroom.clock import Clock
from pcmphys.cells.mushroom.look import GRAIN, MushroomLook
from pcmphys.cells.population import Population
from pcmphys.cells.protocol import Cell
from pcmphys.numerics import check
from pcmphys.numerics.compile import launch
from pcmphys.numerics.moment import Moment
from pcmphys.physics import state as states
from pcmphys.programming import closed_loop
from pcmphys.programming.pulse import Pulse
from pcmphys.programming.report import ProgramReport, PulseReport
from pcmphys.programming.scheme import SCHEMES, Scheme


class MushroomPopulation(Population):
    """Devices of a `MushroomCell` with their history; 1198 bytes a device.

    One state a device (rim, grains, age of the glass and traps of 16 sectors) answers for programming, I-V curve,
    threshold voltage, drift, noise and retention. A device keeps its own size, thermal resistance, growth,
    conductivities and drift bias for life (`identity`); of the sectors that a pulse melts it draws front, texture,
    drift exponents and traps anew (`quench`), and the others live through the pulse at their own temperature.

    Not modelled: heat from neighbours (but see `disturb`), currents between sectors, switching delay, wear.
    """

    ohmic = False
    """Whether the current is proportional to the voltage: an amorphous dome's bends."""

    def __init__(
        self,
        cell: Cell,
        shape: int | Sequence[int],
        seed: int,
        first_cell: int,
        defects: tuple[float, float, float, float | None],
    ):
        super().__init__(cell, shape, seed, first_cell)
        defects = checks.defects(*defects)
        self._floats = cell.parameters.pack()
        self._tables = pulses.tables(cell.parameters)
        self._state = states.empty(self.size)
        self._clock = Clock(cell.parameters, self.size)
        launch(draws.create, self.size, self._address(0), self._floats, self._state, grain=GRAIN)
        self._free = np.ones(self.size, dtype=bool)
        if defects.any:
            self._spoil(defects)

    @property
    def stuck(self) -> np.ndarray:
        """Whether a device is stuck, population's shape."""
        return ~self._free.reshape(self.shape)

    @property
    def ceiling(self) -> np.ndarray:
        """See `MushroomLook.ceiling`."""
        return self._as_kept().ceiling.copy()

    @property
    def nbytes(self) -> int:
        """Memory [bytes] of the devices' state."""
        return sum(part.nbytes for part in self._state) + self._clock.looked.nbytes + self._free.nbytes

    @property
    def moment(self) -> Moment:
        """Lab clock with all digits: its float leaves out the nanoseconds of a read after years."""
        return self._clock.now

    @property
    def crystalline_fraction(self) -> np.ndarray:
        """See `MushroomLook.crystalline_fraction`."""
        return self._look(None).crystalline_fraction.copy()

    @property
    def amorphous_thickness(self) -> np.ndarray:
        """See `MushroomLook.amorphous_thickness`."""
        return self._look(None).amorphous_thickness.copy()

    @property
    def drift_exponent(self) -> np.ndarray:
        """See `MushroomLook.drift_exponent`."""
        return self._look(None).drift_exponent.copy()

    @property
    def identity(self) -> dict[str, np.ndarray]:
        """See `MushroomLook.identity`."""
        return self._as_kept().identity

    @property
    def quench(self) -> dict[str, np.ndarray]:
        """See `MushroomLook.quench`."""
        return self._as_kept().quench

    def now(self, temperature: float | None = None) -> MushroomLook:
        """Look at the devices as they are now: currents, thresholds, sectors, grains, glass. No time passes.

        Parameters
        ----------
        temperature : float [K], optional
            Of the surroundings; the cell's ambient by default.

        Returns
        -------
        MushroomLook
            Evaluated once, and never changing, whatever the devices do next; 1198 bytes a device.
        """
        return self._look(temperature).apart_from(self._state)

    def apply(
        self,
        pulse: Pulse,
        *,
        amplitude: ArrayLike | None = None,
        repeat: int = 1,
        pause: float = 0.0,
        where: ArrayLike | None = None,
        temperature: float | None = None,
        warmed: ArrayLike | None = None,
    ) -> PulseReport:
        """Send a pulse, or a train of equal pulses.

        Parameters
        ----------
        pulse : Pulse
            Current or voltage over time.
        amplitude : array_like [A or V], optional
            Height for each device (a number or the population's shape) instead of the pulse's own.
        repeat : int
            Number of pulses.
        pause : float [s]
            Time after each pulse.
        where : array_like of bool, optional
            Devices that get it; all by default.
        temperature : float [K], optional
            Of the surroundings.
        warmed : array_like [K], optional
            Temperature (a number or the population's shape) that each device is kept at for the length of each pulse
            by heat from outside, as in `disturb`; that of the surroundings by default.

        Returns
        -------
        PulseReport
            Highest temperature of the heater's rim and energy, of the last pulse.

        Raises
        ------
        ParameterError
            Current beyond the on-state's validity, wrong shapes, temperature out of range, a time beyond all numbers;
            nothing has been sent then.
        """
        repeat = check.integer("repeat", repeat, 1)
        pause = check.number("pause", pause, "s", 0.0)
        ambient = checks.temperature(self, temperature)
        own = None if warmed is None else checks.temperatures(self, warmed, "warmed")
        chosen = checks.mask(self, where)
        cells = np.flatnonzero(chosen & self._free)
        scale = checks.amplitude(self, pulse, amplitude, chosen)[cells]
        self._clock.require(repeat * (pulse.duration + pause), ambient, "pulses and pauses")
        hottest = np.full(self.size, ambient)
        energy = np.zeros(self.size)
        for _ in range(repeat):
            self._send(pulse, scale, cells, ambient, (hottest, energy), own)
            self._clock.wait(pause, ambient)
        return PulseReport(hottest.reshape(self.shape), energy.reshape(self.shape))

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let time pass: relaxation, traps, and slow crystallization; exact at one temperature however long.

        Parameters
        ----------
        duration : float [s]
            Zero or more.
        temperature : float [K], optional
            Of the surroundings, below melting; the cell's ambient by default. A history is a chain of waits.

        Raises
        ------
        ParameterError
            A number out of range, or a time that ends beyond all numbers.
        """
        duration = check.number("duration", duration, "s", 0.0)
        ambient = checks.temperature(self, temperature)
        self._clock.require(duration, ambient)
        if self._clock.changes(ambient):
            self._advance()
        self._clock.wait(duration, ambient)

    def disturb(self, duration: float, temperature: ArrayLike) -> None:
        """Let time pass, each device at a temperature of its own: what heat from outside of it does to it.

        The same laws as in `wait` (relaxation, traps, slow crystallization; exact however long), and the same random
        numbers for each device whatever the others' temperatures. The clock advances once, by ``duration``.

        Parameters
        ----------
        duration : float [s]
            Zero or more.
        temperature : array_like [K]
            A number or the population's shape, below melting.

        Raises
        ------
        ParameterError
            A wrong shape, or a temperature out of range: the first one is named.

        Notes
        -----
        Not modelled: a gradient across a device, and thermal time constants: each temperature holds from the first
        moment to the last.

        Examples
        --------
        Ten microseconds at 650 K crystallize a RESET device, at 450 K they do not:

        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(2, seed=1)
        >>> _ = devices.apply(pcm.Pulse(current=480e-6, width=1e-6, fall=5e-9))
        >>> devices.disturb(10e-6, [650.0, 450.0])
        >>> devices.crystalline_fraction.round(3)
        array([1.   , 0.809])
        """
        duration = check.number("duration", duration, "s", 0.0)
        own = checks.temperatures(self, temperature)
        self._clock.require(duration)
        self._advance()
        if duration > 0.0:
            self._live_through(duration, own)

    def read(
        self,
        voltage: float | None = None,
        duration: float | None = None,
        *,
        where: ArrayLike | None = None,
        temperature: float | None = None,
    ) -> np.ndarray:
        """Read devices: current over voltage with telegraph noise, averaged over the read. The clock advances.

        All devices live through the time of the read, whichever are read: to read them one by one takes the more work
        the more there are.

        Parameters
        ----------
        voltage : float [V], optional
            At most the cell's ``read.largest_voltage``, below which a read disturbs nothing; the usual one by default.
        duration : float [s], optional
            Length of the read.
        where : array_like of bool, optional
            Devices to read; the others give NaN.
        temperature : float [K], optional
            Of the surroundings.

        Returns
        -------
        ndarray [S]
            Population's shape.
        """
        voltage = checks.read_voltage(self, voltage)
        if duration is None:
            duration = self.cell.parameters.read.duration
        duration = check.number("duration", duration, "s", 0.0, low_open=True)
        ambient = checks.temperature(self, temperature)
        chosen = np.flatnonzero(checks.mask(self, where))
        self._clock.require(duration, ambient)
        out = np.full(self.size, np.nan)
        self._read(voltage, duration, ambient, chosen, out)
        return out.reshape(self.shape)

    def conductance(self, *, temperature: float | None = None) -> np.ndarray:
        """Conductance [S] at the usual read voltage without noise, population's shape; no time passes."""
        return self._look(temperature).conductance.copy()

    def conductance_after(self, duration: ArrayLike) -> np.ndarray:
        """Short for ``now().conductance_after(duration)``; see `MushroomLook.conductance_after`."""
        return self._look(None).conductance_after(duration)

    def current(
        self, voltage: ArrayLike, *, temperature: float | None = None, warn: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Noise-free current [A] and slope dI/dV [S] at a voltage [V]; short for ``now(temperature).current``."""
        return self._look(temperature).current(voltage, warn=warn)

    def threshold_voltage(self, *, temperature: float | None = None) -> np.ndarray:
        """Threshold voltage [V] of each device now; see `MushroomLook.threshold_voltage`."""
        return self._look(temperature).threshold_voltage.copy()

    def program(
        self, targets: ArrayLike, *, scheme: Scheme | str | None = None, where: ArrayLike | None = None
    ) -> ProgramReport:
        """Program devices to target conductances by pulses and verify reads.

        Parameters
        ----------
        targets : array_like [S]
            Conductance at the cell's reference time: a number or the population's shape. Targets above the cell's
            range are clipped to it with a `ValidityWarning`.
        scheme : Scheme or str, optional
            Closed loop, or the name of one of `pcmphys.programming.SCHEMES`; by default "gradient".
        where : array_like of bool, optional
            Devices to program; the others keep their state, but live through the time it takes.

        Returns
        -------
        ProgramReport

        Raises
        ------
        ParameterError
            Wrong targets, or a scheme with pulses beyond the on-state's validity; nothing has been sent then.
        """
        if not isinstance(scheme, Scheme):
            scheme = SCHEMES[check.choice("scheme", "gradient" if scheme is None else scheme, SCHEMES)]
        checks.scheme(self, scheme)
        self._clock.require(scheme.longest, self._floats.heat.ambient, "scheme: pulses, delays and reads")
        chosen = checks.mask(self, where)
        targets, clipped = closed_loop.checked_targets(self, targets, chosen)
        return closed_loop.run(self, scheme, targets, chosen, clipped)

    def _keep(self, start: int, stop: int) -> None:
        self._state = type(self._state)(*(part[start:stop].copy() for part in self._state))
        self._free = self._free[start:stop].copy()
        self._clock = self._clock.of(start, stop)

    def _send(self, pulse: Pulse, scale, cells, ambient: float, out=None, warmed=None) -> None:
        """One pulse to some devices, by their numbers; ``scale`` [A or V] is theirs."""
        # the pulse's time at the ambient first: what melts in it is fresh at its end
        if warmed is None:
            if self._clock.changes(ambient):
                self._advance()
            self._clock.wait(pulse.duration, ambient)
            self._advance()
        else:
            self._advance()
            self._live_through(pulse.duration, warmed)
        event = self._next_event()
        scale = np.ascontiguousarray(scale, dtype=float)
        found = np.empty((cells.size, 2))
        steps = pulse.steps(self._floats.heat.thermal_time)
        cell, drive = (self._floats, self._tables), (steps, pulse.kind == "voltage", ambient)
        address = self._address(event)
        launch(pulses.pulse, cells.size, address, cell, drive, (cells, scale), self._state, found, grain=GRAIN)
        if out is not None:
            out[0][cells], out[1][cells] = found.T

    def _live_through(self, duration: float, temperature: np.ndarray) -> None:
        """A time [s] above zero, each device at a temperature [K] of its own; nothing may be pending."""
        address = self._address(self._clock.waits)
        self._clock.disturb(duration, temperature, self._state, address, self._floats, self._tables)

    def _read(self, voltage: float, duration: float, ambient: float, chosen, out) -> None:
        self._advance()
        self._clock.wait(0.0, ambient)
        reading = (ambient, voltage, duration)
        address = self._address(self._next_event())
        reads.read_chosen(address, reading, self._floats, self._clock, chosen, self._state, out)
        self._clock.wait(duration, ambient)
        self._clock.look(chosen)

    def _advance(self) -> None:
        """Bring the glass (and slow crystallization) up to the clock."""
        if not self._clock.idle:
            self._clock.advance(self._state, self._address(self._clock.waits), self._floats, self._tables)

    def _as_kept(self) -> MushroomLook:
        """A look for what no wait changes: pending waits are not lived through, nor structures evaluated."""
        return MushroomLook(self.cell, self.shape, self.time, self._floats.heat.ambient, self._floats, self._state)

    def _look(self, temperature: float | None) -> MushroomLook:
        """A look that may share memory with the devices: to be used and forgotten before they go on."""
        ambient = checks.temperature(self, temperature)
        # the state at the clock's time, without a trace in the devices' future
        state = self._clock.preview(self._state, self._address(self._clock.waits), self._floats, self._tables)
        launch(reads.evaluate, self.size, self._floats, state, grain=GRAIN)
        return MushroomLook(self.cell, self.shape, self.time, ambient, self._floats, state)

    def _spoil(self, defects: checks.Defects) -> None:
        """Draw which devices are stuck and which are limited; what is stuck low gets its RESET."""
        draw = np.empty((2, self.size))
        launch(draws.draw_defects, self.size, self._address(0), draw)
        contact = max(1.0 / defects.ceiling - self.cell.parameters.leads, 0.0)
        self._state.contact[draw[1] < defects.limited] = contact
        stuck = defects.stuck_high + defects.stuck_low
        if stuck > 0.0:
            reset = (draw[0] >= defects.stuck_high) & (draw[0] < stuck)
            pulse = SCHEMES["set-staircase"].prepare[0]
            cells = np.flatnonzero(reset)
            self._send(pulse, checks.amplitude(self, pulse, None, reset)[cells], cells, self._floats.heat.ambient)
            self._free = draw[0] >= stuck

"""Statistical cells as a population: published programming error, drift and read noise, one trajectory a device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.population import Population
from pcmphys.cells.protocol import Cell
from pcmphys.cells.statistical import kernels as kernels
from pcmphys.cells.statistical.look import StatisticalLook
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.compile import launch
from pcmphys.numerics.moment import Moment, ages, require_finite
from pcmphys.numerics.warn import warn
from pcmphys.physics import flicker
from pcmphys.programming.report import ProgramReport

_FEW_EVENTS = 4096
"""Programming events remembered before those without devices are forgotten for the first time."""
_FAR_FROM_MEASURED = 5.0
"""Difference [K] from the temperature of the measurement from which on it is said that nothing depends on it."""
_NOTHING = np.empty((0, 0), dtype=np.uint64)
"""Instead of the digits of a refresh: no trap changes."""
_PARTS = ("_conductance", "_exponent", "_noise", "_traps", "_awake", "_program_event")
"""Arrays of the state, flat."""


class StatisticalPopulation(Population):
    """Devices of a `StatisticalCell` with their history; 36 bytes a device.

    A device keeps its drift exponent and its traps until it is programmed again. Drift counts from the age
    ``cell.reference_time`` on: at younger ages the conductance stands where programming left it, because the
    published law was not measured there.

    Not modelled: temperature, read disturb, any correlation between devices. The published spread of the drift
    exponent was itself extracted from noisy reads, so that spread and read noise together count part of the noise
    twice.
    """

    ohmic = True
    """The current is proportional to the voltage."""

    def __init__(self, cell: Cell, shape: int | Sequence[int], seed: int, first_cell: int):
        super().__init__(cell, shape, seed, first_cell)
        self._rates = flicker.rates(cell.parameters.trap_fastest, cell.parameters.trap_slowest)
        self._floats = cell.parameters.pack()
        self._now = Moment()
        self._traps_at = Moment()  # up to when the traps have lived
        self._programmed_at = [Moment()]
        self._full = _FEW_EVENTS
        self._untouched = self.size > 0
        self._blank = None  # devices never programmed, once some but not all of them were
        self._conductance = np.zeros(self.size)
        self._exponent = np.zeros(self.size)
        self._noise = np.zeros(self.size)
        self._traps = np.zeros(self.size, dtype=np.uint32)
        self._awake = np.zeros(self.size, dtype=np.uint32)
        self._program_event = np.zeros(self.size, dtype=np.uint32)

    @property
    def drift_exponent(self) -> np.ndarray:
        """Drift exponent of each device (a copy); zero before programming."""
        return self._exponent.reshape(self.shape).copy()

    @property
    def age(self) -> np.ndarray:
        """Time [s] since each device was programmed."""
        return ages(self._now, self._programmed_at)[self._program_event].reshape(self.shape)

    @property
    def nbytes(self) -> int:
        """Memory [bytes] of the devices' state."""
        return sum(getattr(self, name).nbytes for name in _PARTS)

    @property
    def moment(self) -> Moment:
        """Lab clock with all digits: its float leaves out the nanoseconds of a read after years."""
        return self._now

    def now(self, temperature: float | None = None) -> StatisticalLook:
        """Look at the devices as they are now, without read noise; no time passes.

        Parameters
        ----------
        temperature : float [K], optional
            The published moments hold at the temperature of their measurement (the default); any other value is
            accepted with a `ValidityWarning` and changes nothing.
        """
        if temperature is not None:
            self._warn_of_temperature(check.number("temperature", temperature, "K", 0.0, low_open=True))
        own = (part.reshape(self.shape).copy() for part in (self._exponent, self.age, self._noise))
        return StatisticalLook(self.cell, self.time, self.conductance(), *own)

    def program(self, targets: ArrayLike, *, where: ArrayLike | None = None) -> ProgramReport:
        """Program devices to target conductances, with the published error.

        Parameters
        ----------
        targets : array_like [S]
            A number, or an array of the population's shape. Targets above the cell's range are clipped to it with a
            `ValidityWarning`.
        where : array_like of bool, optional
            Devices to program (population's shape); the others keep their state. All by default.

        Returns
        -------
        ProgramReport

        Raises
        ------
        ParameterError
            NaN, infinite or negative targets, or a wrong shape.
        """
        chosen = None if where is None else self._checked_mask(where)
        targets, clipped = self._checked_targets(targets, chosen)
        event = self._next_event()
        error = np.empty(self.size)
        if chosen is None:
            self._draw(event, targets, error, self._state())
            if len(self._programmed_at) > 1:  # with a single event all devices refer to it already
                self._program_event.fill(0)
            self._programmed_at = [self._now]
            self._untouched, self._blank = False, None
        else:
            digits = self._refreshed(self._now)  # so that all devices go on from the same moment
            if digits.size:
                address = self._address(self._event)
                launch(kernels.refresh_traps, self.size, address, digits, self._traps, self._awake)
            fresh = tuple(np.empty_like(part) for part in self._state())
            self._draw(event, targets, error, fresh)
            for part, new in zip(self._state(), fresh, strict=True):
                part[chosen] = new[chosen]
            self._note_event(chosen)
            error[~chosen] = np.nan
        self._traps_at = self._now
        iterations = np.broadcast_to(1, self.shape) if chosen is None else chosen.astype(int).reshape(self.shape)
        return ProgramReport(error.reshape(self.shape), iterations, np.broadcast_to(True, self.shape), clipped)

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let time pass.

        Parameters
        ----------
        duration : float [s]
            Zero or more.
        temperature : float [K], optional
            The published moments hold at the temperature of their measurement (the default); any other value is
            accepted with a `ValidityWarning` and changes nothing.

        Raises
        ------
        ParameterError
            A number out of range, or a time that ends beyond all numbers.
        """
        duration = check.number("duration", duration, "s", 0.0)
        if temperature is not None:
            temperature = check.number("temperature", temperature, "K", 0.0, low_open=True)
        require_finite(self._now, duration)
        self._now = self._now.after(duration)  # only now: a refused call leaves the devices as they were
        self._warn_of_temperature(temperature)

    def read(self, voltage: float | None = None, duration: float | None = None) -> np.ndarray:
        """Read every device: drifted conductance with its 1/f noise. The clock advances by ``duration``.

        Parameters
        ----------
        voltage : float [V], optional
            Read voltage; the statistical cells are ohmic, so it only has to be a usable number.
        duration : float [s], optional
            Length of the read; a longer one averages the fast traps away. Default: the published read.

        Returns
        -------
        ndarray [S]
            Population's shape. At age t the variance over devices is (G Q_s)^2 ln((t + d) / 2d); reads of one
            device at different times are correlated as 1/f noise is. A negative reading is a reading of zero. Traps do
            not go back in time: a read longer than the time since a shorter one keeps part of that one's noise.
        """
        self._require_programmed()
        if voltage is not None:
            check.number("voltage", voltage, "V")
        p = self.cell.parameters
        duration = p.read_duration if duration is None else check.number("duration", duration, "s", 0.0, low_open=True)
        require_finite(self._now, duration)
        if duration < 2.0 * p.trap_fastest:
            warn(
                f"duration {duration:g} s is shorter than twice the fastest trap ({p.trap_fastest:g} s): "
                "the noise of a faster read is not modelled"
            )
        table = flicker.byte_table(flicker.amplitudes(self._rates, duration))
        out = self._evaluate(table, self._refreshed(self._now.after(-duration)))
        self._now = self._now.after(duration)
        return out

    def conductance(self) -> np.ndarray:
        """Conductance [S] of the present state without read noise, population's shape; no time passes."""
        self._require_programmed()
        return self._evaluate(np.zeros(1024), _NOTHING)

    def current(self, voltage: ArrayLike, *, warn: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Noise-free current [A] and slope dI/dV [S] at ``voltage`` [V]; short for ``now().current``."""
        return self.now().current(voltage, warn=warn)

    def _keep(self, start: int, stop: int) -> None:
        self._programmed_at = list(self._programmed_at)
        for name in _PARTS:
            setattr(self, name, getattr(self, name)[start:stop].copy())
        if self._blank is not None:
            blank = self._blank[start:stop]
            self._blank = blank.copy() if blank.any() else None
        self._untouched = self._untouched and self.size > 0

    def _warn_of_temperature(self, temperature: float | None) -> None:
        measured = self.cell.parameters.temperature
        if temperature is not None and abs(temperature - measured) > _FAR_FROM_MEASURED:
            warn(
                f"temperature {temperature:g} K: {self.cell.name} was measured at {measured:g} K and has no "
                "temperature dependence"
            )

    def _state(self) -> tuple[np.ndarray, ...]:
        return self._conductance, self._exponent, self._noise, self._traps, self._awake

    def _draw(self, event: int, targets, error, state) -> None:
        launch(kernels.program, self.size, self._address(event), self._floats, targets, error, state)

    def _refreshed(self, until: Moment) -> np.ndarray:
        """Digits with which the traps are to be refreshed at the present event, so that they have lived until then."""
        elapsed = until.since(self._traps_at)
        if not elapsed > 0.0:
            return _NOTHING
        self._next_event()
        self._traps_at = until
        return flicker.refresh_digits(self._rates, elapsed)

    def _evaluate(self, byte_table: np.ndarray, digits: np.ndarray) -> np.ndarray:
        age = ages(self._now, self._programmed_at)
        reading = np.log(np.maximum(age / self.cell.reference_time, 1.0)), byte_table
        out, state = np.empty(self.size), self._state()
        address = self._address(self._event)
        launch(kernels.read, self.size, address, digits, reading, self._program_event, state, out)
        return out.reshape(self.shape)

    def _note_event(self, chosen: np.ndarray) -> None:
        """Give the chosen devices the present moment as their programming event, and forget events without devices."""
        if len(self._programmed_at) >= self._full:
            used, self._program_event[:] = np.unique(self._program_event, return_inverse=True)
            self._programmed_at = [self._programmed_at[k] for k in used]
            self._full = max(2 * len(used), _FEW_EVENTS)  # so that tidying up stays a small part of many events
        self._program_event[chosen] = len(self._programmed_at)
        self._programmed_at.append(self._now)
        if self._untouched:
            self._untouched, self._blank = False, np.ones(self.size, dtype=bool)
        if self._blank is not None:
            blank = self._blank & ~chosen  # not in place: a copy of the population may share the array
            self._blank = blank if blank.any() else None

    def _checked_targets(self, targets, chosen: np.ndarray | None) -> tuple[np.ndarray, int]:
        if chosen is not None:
            targets = check.only("targets", targets, chosen.reshape(self.shape), "S")
        targets, _, largest = check.ranged("targets", targets, "S", 0.0, empty=True)
        if targets.ndim == 0:
            targets = np.full(self.shape, targets)
        if targets.shape != self.shape:
            raise ParameterError(f"targets must be a number or have shape {self.shape}; got shape {targets.shape}")
        top = self.cell.conductance_maximum
        clipped = 0
        if largest > top:
            high = targets > top
            clipped = int(high.sum() if chosen is None else (high.reshape(-1) & chosen).sum())
            warn(
                f"targets: {clipped} of {self.size} lie above the range [0, {top:g}] S of {self.cell.name} "
                f"(largest {largest:g} S) and were clipped to it"
            )
            targets = np.minimum(targets, top)
        return targets.reshape(-1), clipped

    def _checked_mask(self, where) -> np.ndarray:
        return check.flags("where", where, self.shape).reshape(-1)

    def _require_programmed(self) -> None:
        if self._untouched or self._blank is not None:
            blank = self.size if self._untouched else int(self._blank.sum())
            raise ParameterError(f"{blank} of {self.size} devices hold no conductance yet; call program(targets) first")

"""A look at mushroom devices: their state at one moment, and what follows from it."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.cells.looks import LabelledLook
from pcmphys.cells.mushroom import branches, checks, points
from pcmphys.cells.mushroom import read as reads
from pcmphys.cells.mushroom.parameters import MushroomFloats
from pcmphys.cells.mushroom.points import Folds
from pcmphys.cells.protocol import Cell
from pcmphys.numerics import check
from pcmphys.numerics.compile import launch
from pcmphys.numerics.frozen import Frozen
from pcmphys.physics import relaxation
from pcmphys.physics.state import (
    AMPLITUDE,
    FACTORS,
    HEAT,
    RADIUS,
    SECTORS,
    MushroomState,
)
from pcmphys.physics.telegraph import laws as telegraph
from pcmphys.physics.telegraph import traps as trap_laws

GRAIN = 512
"""Devices worth a thread of their own."""
_LOG_STEP = 1e-3
"""Step in the logarithm of time over which a drift exponent is taken."""


@dataclass(frozen=True, eq=False, repr=False)
class MushroomLook(Frozen, LabelledLook):
    """Mushroom devices at one moment and temperature, as `MushroomPopulation.now` gives them.

    It never changes, whatever the devices do next, and threads may share it. Arrays have the population's shape, some
    with axes of sectors (16) and grains behind it, and are read-only.

    Attributes
    ----------
    cell : MushroomCell
        The technology.
    shape : tuple of int
        The population's shape.
    time : float [s]
        The moment on the lab clock.
    temperature : float [K]
        Of the surroundings, for currents and thresholds.

    Notes
    -----
    Currents are without noise. Not modelled: see `MushroomPopulation`.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(3, seed=1)
    >>> _ = devices.apply(pcm.Pulse(current=480e-6, width=1e-6, fall=5e-9))
    >>> look = devices.now()
    >>> current, slope = look.current(0.2)
    >>> bool(np.all(current / 0.2 == look.conductance)), bool(np.all(look.threshold_voltage > 0.2))
    (True, True)
    """

    own_arrays: ClassVar[tuple[str, ...]] = ("threshold_voltage", "glass_age", "crystalline_fraction")
    cell: Cell
    shape: tuple[int, ...]
    time: float
    temperature: float
    _floats: MushroomFloats = field(repr=False)
    _state: MushroomState = field(repr=False)

    def __repr__(self) -> str:
        return f"MushroomLook({self.cell.name!r}, shape={self.shape}, time={self.time:g} s, {self.temperature:g} K)"

    @property
    def ohmic(self) -> bool:
        """Whether the current is proportional to the voltage: an amorphous dome's bends."""
        return False

    @property
    def size(self) -> int:
        """Number of devices."""
        return math.prod(self.shape)

    @property
    def state(self) -> MushroomState:
        """Everything that the devices are, one row a device, flat; see `pcmphys.physics.state`."""
        return MushroomState(*(_read_only(part) for part in self._state))

    def apart_from(self, state: MushroomState) -> MushroomLook:
        """The same look with memory of its own where it shares some with a state that goes on."""
        own = (part.copy() if part is other else part for part, other in zip(self._state, state, strict=True))
        return MushroomLook(self.cell, self.shape, self.time, self.temperature, self._floats, MushroomState(*own))

    def current(
        self, voltage: Any, *, on: Any = None, load: float = 0.0, warn: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Noise-free current [A] and slope dI/dV [S] at a voltage [V] across device, heater and leads.

        Parameters
        ----------
        voltage : array_like [V]
            A number or the population's shape.
        on : array_like of bool, optional
            Which branch of the I-V: off or on. By default the one that a voltage raised from zero leads to: devices at
            rest are off, and go on beyond their first fold (`folds`).
        load : float [ohm]
            Resistance in series, of which ``voltage`` is the source's.
        warn : bool
            False leaves the warning out: for solvers of circuits, which probe voltages that do not come to stay.

        Returns
        -------
        tuple of ndarray
            Current and slope, population's shape. Where ``on`` asks for a branch beyond its fold, the law of the
            off-state goes on, and that of the on-state falls to zero along its holding voltage: each rises all the way,
            as solvers of circuits need it.

        Warns
        -----
        ValidityWarning
            Currents beyond the on-state's validity.
        """
        voltage = checks.of_devices(self.shape, "voltage", voltage, "V")
        load = check.number("load", load, "ohm", 0.0)
        if on is None and np.abs(voltage).max(initial=0.0) <= self._floats.heat.on_voltage:
            kind = None  # below what any on-state holds
        elif on is None:
            kind = np.full(self.size, branches.RAISED)
        else:
            kind = np.where(checks.states(self.shape, on), branches.ON, branches.OFF)
        if kind is None and load == 0.0:
            current, slope = self._solved(voltage, self._state)
        else:
            kind = np.full(self.size, branches.OFF) if kind is None else kind
            current, slope = out = np.empty((2, self.size))
            found = self._points(load, kind == branches.ON)
            threshold = self.threshold_voltage.reshape(-1).copy()
            surroundings, asked = (self.temperature, load), (voltage, kind, threshold)
            launch(
                branches.currents, self.size, surroundings, self._floats, asked, found, self._state, out, grain=GRAIN
            )  # fmt: skip
        if warn:
            checks.warn_of_validity(self.cell, current)
        return current.reshape(self.shape), slope.reshape(self.shape)

    def point_near(self, chosen: np.ndarray, voltage: np.ndarray, current: np.ndarray) -> np.ndarray:
        """A point of the off-state of each of some devices near a voltage [V] >= 0: voltage, current [A], slope [S].

        For solvers of circuits, flat: a point where it comes out is cheaper than the current at a voltage. ``current``
        [A] is about what flows, or NaN. The answer is (3, chosen).
        """
        out = np.empty((3, chosen.size))
        asked = chosen, voltage, current
        launch(points.near, chosen.size, self.temperature, self._floats, asked, self._state, out, grain=GRAIN)
        return out

    def voltage(self, current: Any) -> tuple[np.ndarray, np.ndarray]:
        """Voltage [V] across each cell with its heater, leads left out, at a current [A]; and whether it is on.

        Driven by a current the I-V has one voltage for each: the lower one of off- and on-state.

        Parameters
        ----------
        current : array_like [A]
            A number or the population's shape.

        Examples
        --------
        Beyond 100 uA nearly the same voltage, whatever the dome:

        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(100, seed=1)
        >>> _ = devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
        >>> voltage, on = devices.now().voltage(440e-6)
        >>> bool(on.all()), bool(((voltage > 0.88) & (voltage < 0.92)).all())
        (True, True)
        """
        current = checks.of_devices(self.shape, "current", current, "A")
        out, threshold = np.empty((2, self.size)), self.threshold_voltage.reshape(-1).copy()
        arrays = current, threshold, self._state, out
        launch(branches.voltages, self.size, self.temperature, self._floats, *arrays, grain=GRAIN)
        return self._shaped(out[0]).copy(), self._shaped(out[1] > 0.0).copy()

    def folds(self, load: float = 0.0, *, where: Any = True) -> Folds:
        """Where devices behind a load resistance [ohm] go on and off again, as the source's voltage rises and falls.

        ``where`` (bool, population's shape) are the devices that are asked for; the others may have NaN.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(100, seed=1)
        >>> _ = devices.apply(pcm.Pulse(current=480e-6, width=1e-6, fall=5e-9))
        >>> folds = devices.now().folds()
        >>> bool((folds.up_voltage >= folds.down_voltage).all())
        True
        """
        found = self._points(check.number("load", load, "ohm", 0.0), checks.states(self.shape, where, "where"))
        return Folds(*(self._shaped(row) for row in found[: len(Folds._fields)]))

    def _points(self, load: float, needed: np.ndarray) -> np.ndarray:
        """Folds as `branches.points` gives them, of the devices that are needed; without load they are kept."""
        found = self._own_points if load == 0.0 else np.full((branches.ROWS, self.size), np.nan)
        missing = np.flatnonzero(needed & np.isnan(found[0]))
        if missing.size:
            threshold = self.threshold_voltage.reshape(-1).copy()
            surroundings, arrays = (self.temperature, load), (missing, self._state, threshold, found)
            launch(branches.points, missing.size, surroundings, self._floats, *arrays, grain=GRAIN)
        return found

    @functools.cached_property
    def _own_points(self) -> np.ndarray:
        # threads that fill it at the same time fill in the same numbers
        return np.full((branches.ROWS, self.size), np.nan)

    def warn_of_switching(self, voltage: np.ndarray) -> None:
        """Give a ValidityWarning where these voltages [V], one a device, would lead beyond the on-state's validity."""
        self.current(np.reshape(voltage, self.shape))

    @functools.cached_property
    def conductance(self) -> np.ndarray:
        """Conductance [S] at the usual read voltage, without noise."""
        return self._conductance(self._state)

    @functools.cached_property
    def threshold_voltage(self) -> np.ndarray:
        """Threshold voltage [V] of each device: that of the harmonic mean of its sectors' domes.

        Zero once all sectors are bridged. It is the cell's own, without heater, leads and load: see `folds`.
        """
        out = np.empty(self.size)
        launch(branches.thresholds, self.size, self.temperature, self._floats, self._state, out, grain=GRAIN)
        return self._shaped(out)

    @functools.cached_property
    def drift_exponent(self) -> np.ndarray:
        """Exponent -d ln G / d ln t of each device, at the usual read voltage, without noise."""
        ratio = self.temperature / self._floats.relaxation.kept
        older = self._state._replace(age=self._state.age * math.exp(_LOG_STEP * ratio))
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._shaped(-np.log(self._conductance(older) / self.conductance) / _LOG_STEP)

    def conductance_after(self, duration: np.ndarray) -> np.ndarray:
        """Conductance [S] of each device a time [s] of its own (of either sign) from now, without noise.

        At the cell's ambient temperature, as far as relaxation goes: nothing crystallizes.
        """
        duration = checks.of_devices(self.shape, "duration", duration, "s")
        age = np.empty((self.size, SECTORS))
        launch(relaxation.later, self.size, duration, self._floats.relaxation, self._state.age, age)
        return self._conductance(self._state._replace(age=age))

    @functools.cached_property
    def relative_noise(self) -> np.ndarray:
        """Rms of the telegraph noise of one usual read, over the conductance without noise.

        Exact for traps that keep their state over the read; of the faster ones, the part of the variance that is left
        of a read's average, in the mean over what time constants may be.
        """
        p = self._floats.telegraph
        share = np.empty((self.size, SECTORS + 1))
        launch(
            reads.shares, self.size, self.temperature, self._floats, self.cell.read_voltage, self._state, share,
            grain=GRAIN,
        )  # fmt: skip
        # a sector's current goes as e^(-h (n - f)) for each of its traps, n is one with the chance f, else zero
        rms = self._state.sector[:, None, AMPLITUDE].astype(float)
        heights = np.minimum(rms * telegraph.weights(p.traps).reshape(-1, SECTORS), p.largest_amplitude)

        def mean(times: float) -> np.ndarray:
            one = (1.0 + p.filled * np.expm1(-times * heights)) * np.exp(times * heights * p.filled)
            return one.prod(axis=1)

        variance = mean(2.0) - mean(1.0) ** 2
        spread = np.sqrt((share[:, :SECTORS] ** 2 * variance).sum(axis=1) * self._left_of_a_read())
        return self._shaped(spread * share[:, SECTORS])

    def _left_of_a_read(self) -> float:
        """Part of the traps' variance that the average over a usual read leaves, in the mean over time constants."""
        out = np.empty(1)
        trap_laws.accelerations(0, 1, np.array([self.temperature]), self._floats.telegraph, out)
        parameters = self.cell.parameters
        reduced = telegraph.relaxation_rates(parameters.telegraph) * out[0] * parameters.read.duration
        # variance of the mean over a time T of a state with relaxation rate r: 2 (rT - 1 + e^-rT) / (rT)^2
        left = 2.0 * (reduced + np.expm1(-reduced)) / np.maximum(reduced, 1e-30) ** 2
        return float(np.mean(np.where(reduced > 1e-4, left, 1.0)))

    @functools.cached_property
    def sector_age(self) -> np.ndarray:
        """Time [s] at the cell's ambient temperature that brings a fresh glass to where each sector's stands.

        Population's shape and 16. The time since the pulse in which the sector melted, if all of it passed at the
        ambient temperature.
        """
        return self._shaped(self._state.age - self._floats.relaxation.youngest, SECTORS)

    @functools.cached_property
    def glass_age(self) -> np.ndarray:
        """Age [s] of each device's youngest glass, see `sector_age`: that of what the last pulse renewed."""
        return self._shaped(self.sector_age.min(axis=-1))

    @functools.cached_property
    def crystalline_fraction(self) -> np.ndarray:
        """Crystalline part of the layer around the heater (the hemisphere up to its thickness), in [0, 1]."""
        return self._shaped(self._state.fraction.astype(float))

    @functools.cached_property
    def amorphous_thickness(self) -> np.ndarray:
        """Thickness u_a [m] of each sector's dome at its rim, population's shape and 16."""
        return self._shaped(self._state.rim.astype(float), SECTORS)

    @functools.cached_property
    def sector_conductance(self) -> np.ndarray:
        """Conductance [S] of each sector at low field, without heater and contact, population's shape and 16."""
        out = np.empty((self.size, SECTORS))
        launch(reads.low_field, self.size, self.temperature, self._floats, self._state, out, grain=GRAIN)
        return self._shaped(out, SECTORS)

    @functools.cached_property
    def grains(self) -> np.ndarray:
        """Grains in the domes: distance of each one's centre from the heater's centre, and its radius [m].

        Population's shape, 16 sectors, 3 places, 2; NaN where there is none.
        """
        found = self._state.grain.astype(float)
        there = np.arange(found.shape[2]) < self._state.count[:, :, None]
        return self._shaped(np.where(there[..., None], found, np.nan), *found.shape[1:])

    @functools.cached_property
    def heater_radius(self) -> np.ndarray:
        """Radius [m] of each device's heater."""
        return self._shaped(self._floats.geometry.heater_radius * self._state.device[:, RADIUS].astype(float))

    @functools.cached_property
    def thermal_resistance(self) -> np.ndarray:
        """Rise of each device's heater per power [K/W]."""
        return self._shaped(self._floats.heat.thermal_resistance * self._state.device[:, HEAT].astype(float))

    @functools.cached_property
    def filament(self) -> np.ndarray:
        """Angle [rad] where each device's on-state stands."""
        return self._shaped(self._state.filament.astype(float))

    @functools.cached_property
    def ceiling(self) -> np.ndarray:
        """Conductance [S] that a device cannot exceed; infinite for one that is not limited."""
        contact = self._state.contact.astype(float)
        with np.errstate(divide="ignore"):
            limit = 1.0 / (contact + self.cell.parameters.leads)
        return self._shaped(np.where(contact > 0.0, limit, math.inf))

    @property
    def identity(self) -> dict[str, np.ndarray]:
        """What a device keeps for life.

        Its factors (1 is the technology's value) and ``contact`` [ohm], the resistance of a poor contact in series.
        """
        columns = dict(zip(FACTORS, self._state.device.T, strict=True)) | {"contact": self._state.contact}
        return {name: column.astype(float).reshape(self.shape) for name, column in columns.items()}

    @property
    def quench(self) -> dict[str, np.ndarray]:
        """What each sector's last melt drew: factors of both drift exponents beside the device's own.

        Population's shape and 16; alike in sectors that melted in the same pulse.
        """
        spread = self._floats.relaxation.cycle_spread * relaxation.DEVIATE
        drawn = np.maximum(1.0 + spread * self._state.deviate, 0.0)
        return {name: self._shaped(drawn[:, k], SECTORS) for k, name in enumerate(("dome_drift", "film_drift"))}

    def _conductance(self, state: MushroomState) -> np.ndarray:
        voltage = self.cell.read_voltage
        return self._shaped(self._solved(np.full(self.size, voltage), state)[0] / voltage)

    def _solved(self, voltage: np.ndarray, state: MushroomState) -> np.ndarray:
        out = np.empty((2, self.size))
        launch(reads.current, self.size, self.temperature, self._floats, voltage, state, out, grain=GRAIN)
        return out

    def _shaped(self, values: np.ndarray, *behind: int) -> np.ndarray:
        return _read_only(np.asarray(values).reshape((*self.shape, *behind)))


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view

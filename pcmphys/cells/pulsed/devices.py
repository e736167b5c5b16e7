"""Devices that are trained in place, as a population: pulses, RESET, leak, drift, reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.population import LAST_EVENT, Population
from pcmphys.cells.pulsed import kernels
from pcmphys.cells.pulsed.checks import checked_counts, checked_targets
from pcmphys.cells.pulsed.laws.change import LawFloats
from pcmphys.cells.pulsed.look import PulsedLook
from pcmphys.cells.pulsed.verify import verified
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.compile import launch
from pcmphys.numerics.moment import Moment, require_finite
from pcmphys.numerics.warn import warn
from pcmphys.programming.report import ProgramReport

_LEAK_PORTION = 1e-4
"""Share of its lifetime in which a leak is taken off the weights; reads see it at once, pulses in such portions."""
_GRAIN = 2048


class PulsedPopulation(Population):
    """Devices of a `PulsedCell` with their history; 20 to 40 bytes a device, by what the technology has.

    Attributes
    ----------
    state : State
        Arrays of what changes, flat, in weight.
    traits : Traits
        Arrays of what devices are born with; one element where all are alike.
    changes : int
        How often ``state`` was changed: what was computed of it holds while this stays.

    Not modelled: what the voltage of a pulse does (a pulse is one step), disturbance of neighbours, temperature,
    retention but for leak and drift.
    """

    ohmic = True
    """The current is proportional to the voltage."""

    def __init__(self, cell: Any, shape: int | Sequence[int], seed: int, first_cell: int, stuck: float | None = None):
        super().__init__(cell, shape, seed, first_cell)
        p = cell.parameters
        self.law: LawFloats = p.pack()
        self.table: np.ndarray = p.table
        self.changes: int = 0
        self._now = Moment()
        self._batches = 0.0  # of leak that is still to be taken off the weights
        self._read = kernels.ReadFloats(
            p.window.zero, p.window.unit, p.read.reference_time, p.read.drift_exponent, p.read.noise,
            p.read.relative_noise,
        )  # fmt: skip
        self.traits: kernels.Traits = self._born(stuck)
        reference = p.soft_bounds_reference is not None
        start = self.traits.first if reference else np.broadcast_to(self.traits.rest, self.size)
        self.state: kernels.State = kernels.State(
            np.clip(start, self.traits.low, self.traits.high),
            np.zeros(self.size if self.law.write_noise > 0.0 else 1, dtype=np.float32),
            np.ones(self.size if self.law.forget < 1.0 else 1, dtype=np.float32),
            np.zeros(self.size if p.read.drift_exponent > 0.0 else 1),
        )

    def _born(self, stuck: float | None) -> kernels.Traits:
        p = self.cell.parameters
        birth = p.birth(stuck)
        # a reference that is the same for all devices is at zero
        reference = birth.reference > 0.0 and (birth.first_spread > 0.0 or birth.symmetry > 0.0)
        own = (
            True, True, True, True,
            reference or p.linear is not None or p.power is not None, p.linear is not None or p.power is not None,
            birth.rest_spread > 0.0 or birth.symmetry > 0.0, p.leak is not None,
        )  # fmt: skip
        alike = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, birth.rest, 0.0)
        made = [
            np.full(self.size if each else 1, value, dtype=np.float32) for each, value in zip(own, alike, strict=True)
        ]
        traits = kernels.Traits(*made)
        launch(kernels.birth, self.size, self._address(0), birth, traits, grain=_GRAIN)
        return traits

    @property
    def nbytes(self) -> int:
        """Memory [bytes] of the devices' state and traits."""
        return sum(part.nbytes for part in (*self.state, *self.traits) if part.size == self.size)

    @property
    def moment(self) -> Moment:
        """Lab clock with all digits: its float leaves out the nanoseconds of a read after years."""
        return self._now

    @property
    def reference(self) -> np.ndarray:
        """Conductance [S] that counts as a weight of zero, population's shape: that of a reference device, if any."""
        window = self.cell.parameters.window
        own = self.traits.first if self.cell.parameters.soft_bounds_reference is not None else np.zeros(1)
        return np.broadcast_to(window.zero + window.unit * own.astype(np.float64), self.size).reshape(self.shape).copy()

    @property
    def weight(self) -> np.ndarray:
        """Weights as they would be read without noise, against the reference; population's shape."""
        return (self.conductance() - self.reference) / self.cell.parameters.window.unit

    @property
    def stuck(self) -> np.ndarray:
        """Which devices no pulse and no RESET changes, neither what they keep nor how they read; population's shape."""
        return (self.traits.low == self.traits.high).reshape(self.shape)

    def pulse(self, direction: ArrayLike, count: ArrayLike = 1, *, where: ArrayLike | None = None) -> None:
        """Send pulses.

        Parameters
        ----------
        direction : int or array_like of int
            +1 for up, -1 for down, 0 for none. An array of the population's shape may hold more than one pulse a
            device: signed numbers.
        count : int
            Pulses of each device, times ``direction``.
        where : array_like of bool, optional
            Devices that get them (population's shape); all by default.

        Raises
        ------
        ParameterError
            No whole numbers, more than a million pulses, another shape, or pulses down on devices that have none.

        Notes
        -----
        One call is one event: ``pulse(+1, count=2)`` draws other noise than two calls do. The clock goes on by the
        longest train. A device reads with the write noise of its last pulse until it is pulsed again.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("ecram-tang2018").population(3, seed=1)
        >>> devices.pulse([20, 0, -20])
        >>> [float(w) for w in devices.weight.round(2)]
        [0.04, 0.0, -0.04]
        """
        counts = checked_counts(direction, count, self.shape)
        if where is not None:
            counts = np.where(check.flags("where", where, self.shape), counts, 0)
        counts = np.ascontiguousarray(counts.reshape(-1), dtype=np.int32)
        if counts.size and counts.min() < 0 and self.cell.one_sided:
            raise ParameterError(
                f"direction must not be down: devices of {self.cell.name} can only be pulsed up; reset() begins anew"
            )
        duration = self.cell.parameters.pulse.duration * (int(np.abs(counts).max(initial=0)))
        require_finite(self._now, duration)
        self.train(counts, duration)

    def reset(self, *, where: ArrayLike | None = None) -> None:
        """RESET devices: each goes to its own rest, with the noise of a RESET. The clock goes on by a pulse.

        Raises
        ------
        ParameterError
            The technology has no RESET.
        """
        chosen = (
            np.ones(self.size, dtype=bool) if where is None else check.flags("where", where, self.shape).reshape(-1)
        )
        own = self.cell.parameters.reset
        if own is None:
            raise ParameterError(f"devices of {self.cell.name} have no RESET; pulse(-1, count) takes them down")
        duration = self.cell.parameters.pulse.duration
        require_finite(self._now, duration)
        address = self._address(self._next_event())
        noise = own.noise, np.array(own.quantiles, dtype=np.float64), self.law.write_noise
        launch(
            kernels.reset, self.size, address, self.time, noise, chosen, self.traits, self.state, grain=_GRAIN,
        )  # fmt: skip
        self.changes += 1
        self._pass(duration)

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let time pass: capacitors leak, phase-change memory drifts.

        Parameters
        ----------
        duration : float [s]
            Zero or more.
        temperature : float [K], optional
            Changes nothing, and says so with a `ValidityWarning`.
        """
        duration = check.number("duration", duration, "s", 0.0)
        if temperature is not None:
            temperature = check.number("temperature", temperature, "K", 0.0, low_open=True)
        require_finite(self._now, duration)
        self._pass(duration)
        if temperature is not None:
            warn(f"temperature {temperature:g} K: {self.cell.name} has no temperature dependence")

    def leak(self, batches: float = 1.0) -> None:
        """Let capacitors leak for some mini-batches, whatever time that takes; other devices do not change.

        Parameters
        ----------
        batches : float
            Zero or more.
        """
        self._leak(check.number("batches", batches, "", 0.0))

    def read(self, voltage: float | None = None, duration: float | None = None) -> np.ndarray:
        """Read every device, with noise. The clock advances by ``duration``.

        Parameters
        ----------
        voltage : float [V], optional
            The devices are ohmic, so it only has to be a usable number.
        duration : float [s], optional
            How long the read takes; its noise does not depend on it. Default: the technology's.

        Returns
        -------
        ndarray [S]
            Population's shape. A negative reading is a reading of zero.
        """
        if voltage is not None:
            check.number("voltage", voltage, "V")
        own = self.cell.parameters.read.duration
        duration = own if duration is None else check.number("duration", duration, "s", 0.0, low_open=True)
        require_finite(self._now, duration)
        out = self.conductance().reshape(-1)
        if self._read.noise > 0.0 or self._read.relative_noise > 0.0:
            address = self._address(self._next_event())
            launch(kernels.add_noise, self.size, address, self._read, out, grain=_GRAIN)
        self._pass(duration)
        return out.reshape(self.shape)

    def conductance(self) -> np.ndarray:
        """Conductance [S] of the present state without read noise, population's shape; no time passes."""
        out = np.empty(self.size)
        launch(kernels.conductance, self.size, self.time, self._batches, self._read, self.traits, self.state, out)
        return out.reshape(self.shape)

    def current(self, voltage: ArrayLike, *, warn: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Noise-free current [A] and slope dI/dV [S] at ``voltage`` [V]; short for ``now().current``."""
        return self.now().current(voltage, warn=warn)

    def now(self, temperature: float | None = None) -> PulsedLook:
        """Look at the devices as they are now, without read noise; no time passes.

        Parameters
        ----------
        temperature : float [K], optional
            Changes nothing, and says so with a `ValidityWarning`.
        """
        if temperature is not None:
            temperature = check.number("temperature", temperature, "K", 0.0, low_open=True)
            warn(f"temperature {temperature:g} K: {self.cell.name} has no temperature dependence")
        found = self.conductance()
        noise = self._read.noise + self._read.relative_noise * found
        noise = np.divide(noise, found, out=np.zeros_like(found), where=found > 0.0)
        return PulsedLook(self.cell, self.time, found, np.full(self.shape, self._read.exponent), noise)

    def program(self, targets: ArrayLike, *, where: ArrayLike | None = None) -> ProgramReport:
        """Program devices to target conductances: read, send as many pulses as are missing, and again.

        Parameters
        ----------
        targets : array_like [S]
            A number, or an array of the population's shape. Targets outside of the window are clipped to it with a
            `ValidityWarning`.
        where : array_like of bool, optional
            Devices to program (population's shape); the others keep their state. All by default.

        Returns
        -------
        ProgramReport
            ``iterations`` counts pulses; ``converged`` is whether a device has come as close as whole pulses bring it:
            without read noise it is off by no more than half of its own mean step there (of one that has gone too far
            and cannot go down, its step up), half of a typical step, or a quarter of the write noise.
        """
        chosen = None if where is None else check.flags("where", where, self.shape)
        targets, clipped = checked_targets(targets, chosen, self.shape, self.cell)
        chosen = np.ones(self.size, dtype=bool) if chosen is None else chosen.reshape(-1)
        return verified(self, targets.reshape(-1), chosen, clipped)

    def train(self, counts: np.ndarray, duration: float, first: int = 0) -> None:
        """Send trains that are checked already to devices from ``first`` on; together they take ``duration`` [s].

        ``counts`` are int32, flat.
        """
        address = self._address(self._next_event())
        launch(
            kernels.pulse, counts.size, address, self.time, (self.law, self.table), (first, counts), self.traits,
            self.state, grain=_GRAIN,
        )  # fmt: skip
        self.changes += 1
        self._pass(duration)

    def events(self, count: int) -> tuple[np.uint64, np.uint64, np.uint64]:
        """Take the next events for draws of your own: seed, number of the first device, first of the events.

        Raises
        ------
        ParameterError
            No whole number from 0 on, or there are not that many left.
        """
        count, left = check.integer("count", count, 0), LAST_EVENT - self._event
        if count > left:
            raise ParameterError(
                f"event: {count} more updates are asked for; of the {LAST_EVENT} of a population {left} are left"
            )
        address = self._address(self._event + 1)
        self._event += count
        return address

    def spend(self, duration: float) -> None:
        """Let pulses take their time [s]: a mini-batch of a capacitor's leak takes as long as that says, or longer."""
        leak = self.cell.parameters.leak
        self._pass(duration if leak is None else max(duration, leak.batch_duration))

    def _pass(self, duration: float) -> None:
        self._now = self._now.after(duration)
        leak = self.cell.parameters.leak
        if leak is not None:
            self._leak(duration / leak.batch_duration)

    def _leak(self, batches: float) -> None:
        leak = self.cell.parameters.leak
        if leak is None:
            return
        self._batches += batches
        if self._batches >= _LEAK_PORTION * leak.lifetime:
            launch(kernels.decay, self.size, self._batches, self.traits, self.state, grain=_GRAIN)
            self._batches = 0.0
            self.changes += 1

    def _keep(self, start: int, stop: int) -> None:
        size = self.state.weight.size
        self.state = kernels.State(*(_part(array, start, stop, size) for array in self.state))
        self.traits = kernels.Traits(*(_part(array, start, stop, size) for array in self.traits))


def _part(array: np.ndarray, start: int, stop: int, size: int) -> np.ndarray:
    """A part of an array of that size; of one that stands for all devices, all of it."""
    return array[start:stop].copy() if array.size == size else array.copy()

"""The lab clock of a mushroom population, and what has still to live through the time that passed.

The glass is brought up to the clock before anybody looks at or heats it; the traps of a device when it is read.
Devices that were last read at different moments are kept apart by a list of such moments; what a device's traps have
lived through at a temperature of its own stands in its state. Moments keep the digits of a read after many years.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics.compile import launch
from pcmphys.numerics.moment import Moment, ages, require_finite
from pcmphys.physics import relaxation
from pcmphys.physics.crystallization import anneal
from pcmphys.physics.telegraph import laws as telegraph
from pcmphys.physics.telegraph import traps

if TYPE_CHECKING:
    from pcmphys.cells.mushroom.parameters import MushroomFloats, MushroomParameters
    from pcmphys.physics.state import MushroomState

_FEW_LOOKS = 64
_GRAIN = 512
_LAST_WAIT = 2**32 - 1


class Clock:
    """The moment on the lab clock, the wait that the glass has not lived through, when each device was last read."""

    def __init__(self, parameters: MushroomParameters, size: int):
        self.now: Moment = Moment()
        self.looked: np.ndarray = np.zeros(size, dtype=np.uint32)
        self._size = size
        self._pending = (0.0, parameters.heat.ambient)
        self._floats = parameters.telegraph.pack()
        self._rates = telegraph.relaxation_rates(parameters.telegraph)
        self._weights = telegraph.weights(self._floats.traps)
        self._trap_now = Moment()  # on a clock that runs as the traps do, seconds at their reference temperature
        self.waits: int = 0  # waits lived through: number of the next one's random draws
        self._full = _FEW_LOOKS
        self._looks = [Moment()]  # on the traps' clock: the moments that ``looked`` refers to

    def of(self, start: int, stop: int) -> Clock:
        """A clock for the devices start..stop alone, that goes on independently."""
        twin = copy.copy(self)
        twin.looked, twin._size = self.looked[start:stop].copy(), stop - start
        twin._looks = list(self._looks)
        return twin

    @property
    def idle(self) -> bool:
        """Whether the glass is up to the clock."""
        return self._pending[0] == 0.0

    def changes(self, temperature: float) -> bool:
        """Whether what is pending was at another temperature."""
        return not self.idle and self._pending[1] != temperature

    @property
    def time(self) -> float:
        """Time [s] on the lab clock."""
        return self.now.seconds

    def require(self, duration: float, temperature: float | None = None, name: str = "duration") -> None:
        """Refuse what the clock cannot go on by: a time [s] that ends beyond all numbers, for the traps too.

        At a temperature of each device's own (None) the traps' clock stands still.
        """
        require_finite(self.now, duration, name)
        if temperature is not None:
            require_finite(
                self._trap_now, duration * self._acceleration(temperature), f"{name} (as the traps count it)"
            )
        if self.waits + 1 >= _LAST_WAIT:
            raise ParameterError(f"event: a population lives through {_LAST_WAIT} waits; all are used")

    def wait(self, duration: float, temperature: float) -> None:
        """Let time pass; waits at one temperature add up to one."""
        self._pending = (self._pending[0] + duration, temperature)
        self._trap_now = self._trap_now.after(duration * self._acceleration(temperature))
        self.now = self.now.after(duration)

    def advance(
        self, state: MushroomState, address: tuple[np.uint64, np.uint64, np.uint64], p: MushroomFloats, tables: Any
    ) -> None:
        """Let the glass live through what is pending; ``tables`` are those of pulses."""
        self._age(state, address, p, tables)
        self._pending = (0.0, self._pending[1])
        self.waits += 1

    def disturb(
        self,
        duration: float,
        temperature: np.ndarray,
        state: MushroomState,
        address: tuple[np.uint64, np.uint64, np.uint64],
        p: MushroomFloats,
        tables: Any,
    ) -> None:
        """Let time pass at once, each device at its own temperature [K]; nothing may be pending."""
        temperature = np.ascontiguousarray(temperature)
        launch(relaxation.relax, self._size, duration, temperature, p.relaxation, state.age)
        launch(traps.live_on, self._size, duration, temperature, p.telegraph, state.trap_lag)
        still = anneal.still_below(duration, tables, p)
        if self._size and temperature.max() > still:
            self._crystallize(duration, temperature, still, state, address, p)
        self.now = self.now.after(duration)
        self.waits += 1

    def preview(
        self, state: MushroomState, address: tuple[np.uint64, np.uint64, np.uint64], p: MushroomFloats, tables: Any
    ) -> MushroomState:
        """The state as it is now, the pending wait lived through; ``state`` itself is left as it is.

        The same random numbers are used as later by `advance`, so that looking changes nothing.
        """
        if self.idle:
            return state
        duration, temperature = self._pending
        if temperature <= anneal.still_below(duration, tables, p):
            now = state._replace(age=state.age.copy())
        else:
            now = state.copied()
        self._age(now, address, p, tables)
        return now

    def _age(self, state, address, p, tables) -> None:
        duration, temperature = self._pending
        launch(relaxation.relax_alike, self._size, duration, temperature, p.relaxation, state.age)
        still = anneal.still_below(duration, tables, p)
        if temperature > still:
            self._crystallize(duration, np.full(1, temperature), still, state, address, p)

    def _crystallize(self, duration: float, temperature: np.ndarray, still: float, state, address, p) -> None:
        """Slow crystallization at the temperature of each device, or at one for all, of size 1."""
        velocity, rate = np.empty(temperature.size), np.empty(temperature.size)
        launch(anneal.rates, temperature.size, duration, temperature, still, p, velocity, rate, grain=_GRAIN)
        velocity, rate = (np.broadcast_to(part, self._size).copy() for part in (velocity, rate))
        launch(anneal.anneal, self._size, address, velocity, rate, duration, p, state, grain=_GRAIN)

    def _acceleration(self, temperature: float) -> float:
        """How much faster than at their reference temperature the traps are."""
        out = np.empty(1)
        traps.accelerations(0, 1, np.array([temperature]), self._floats, out)
        return float(out[0])

    def looks(self, chosen: np.ndarray) -> tuple[np.ndarray, list[Moment]]:
        """Which of a list of moments each of the chosen devices was last read at, and that list, as short as can be."""
        if len(self._looks) == 1:
            return np.zeros(chosen.size, dtype=np.uint32), self._looks
        used, place = np.unique(self.looked[chosen], return_inverse=True)
        return place.astype(np.uint32), [self._looks[k] for k in used]

    def trap_tables(self, looks: list[Moment], duration: float, temperature: float) -> tuple[np.ndarray, ...]:
        """Of each look: time since then [s] (looks,) and limits (looks, 512); rates [1/s] at the traps' temperature.

        Of the read: expected transitions (512,) and rates [1/s] (256,). Of the traps: weights (32,). See
        `pcmphys.physics.telegraph`.
        """
        filled = self._floats.filled
        elapsed = ages(self._trap_now, looks)
        with np.errstate(over="ignore"):  # longer than all numbers is long enough
            decay = np.exp(-elapsed[:, None] * self._rates)
        chance = np.stack([filled * (1.0 - decay), filled + (1.0 - filled) * decay], axis=2)
        limits = np.ceil(np.maximum(chance * 2.0**32 - 0.5, 0.0)).astype(np.uint64)
        rates = self._rates * self._acceleration(temperature)
        hazard = duration * rates[:, None] * np.array([filled, 1.0 - filled])
        return elapsed, limits.reshape(elapsed.size, -1), self._rates, hazard.reshape(-1), rates, self._weights

    def look(self, chosen: np.ndarray) -> None:
        """Note that the chosen devices' traps are up to the clock."""
        if chosen.size == self._size:
            self._looks = [self._trap_now]
            self.looked[:] = 0
            return
        if len(self._looks) >= self._full:
            used, self.looked[:] = np.unique(self.looked, return_inverse=True)
            self._looks = [self._looks[k] for k in used]
            self._full = max(2 * len(used), _FEW_LOOKS)  # so that tidying up stays a small part of many reads
        self._looks.append(self._trap_now)
        self.looked[chosen] = len(self._looks) - 1

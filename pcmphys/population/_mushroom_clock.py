"""The lab clock of a mushroom population, and what has still to live through the time that passed.

The glass is brought up to the clock before anybody looks at or heats it; the traps of a device when it is read.
Devices that were last read at different moments are kept apart by a short list of such moments.
"""

from __future__ import annotations

import copy

import numpy as np

from pcmphys._jit import launch
from pcmphys.models import crystallization, telegraph
from pcmphys.population import _mushroom_anneal, _mushroom_read

_SLOW = 1e-14  # growth [m] below which a wait leaves the crystal alone
_RARE = 1e-9  # expected nuclei in a layer's volume below which it does not nucleate
_FEW_LOOKS = 64
_MOST_LOOKS = 60_000
_GRAIN = 512


class Clock:
    """Time [s] on the lab clock, the wait that the glass has not lived through, and when each device was last read."""

    def __init__(self, parameters, size: int):
        self.time = 0.0
        self.looked = np.zeros(size, dtype=np.uint16)
        self._size = size
        self._pending = (0.0, parameters.heat.ambient)
        self._floats = parameters.telegraph.pack()
        self._rates = telegraph.relaxation_rates(parameters.telegraph)
        self._trap_time = 0.0  # seconds at the traps' reference temperature
        self.waits = 0  # waits lived through: number of the next one's random draws
        self._full = _FEW_LOOKS
        self._looks = [0.0]  # trap time of the moments that ``looked`` refers to

    def copy(self) -> Clock:
        """A clock that goes on independently."""
        twin = copy.copy(self)
        twin.looked = self.looked.copy()
        twin._looks = list(self._looks)
        return twin

    @property
    def idle(self) -> bool:
        """Whether the glass is up to the clock."""
        return self._pending[0] == 0.0

    def changes(self, temperature: float) -> bool:
        """Whether what is pending was at another temperature."""
        return not self.idle and self._pending[1] != temperature

    def wait(self, duration: float, temperature: float) -> None:
        """Let time pass; waits at one temperature add up to one."""
        self._pending = (self._pending[0] + duration, temperature)
        self._trap_time += duration * telegraph.acceleration(temperature, self._floats)
        self.time += duration

    def advance(self, state, address, p) -> None:
        """Let the glass live through what is pending."""
        self._age(state, address, p)
        self._pending = (0.0, self._pending[1])
        self.waits += 1

    def preview(self, state, address, p):
        """The state as it is now, the pending wait lived through; ``state`` itself is left as it is.

        The same random numbers are used as later by `advance`, so that looking changes nothing.
        """
        if self.idle:
            return state
        if not self._crystallizes(p):
            now = state._replace(order=state.order.copy())
        else:
            now = type(state)(*(part.copy() for part in state))
        self._age(now, address, p)
        return now

    def _crystallizes(self, p) -> bool:
        duration, temperature = self._pending
        velocity = crystallization.growth_velocity(temperature, p.crystallization)
        rate = crystallization.nucleation_rate(temperature, p.crystallization)
        return velocity * duration > _SLOW or rate * duration * p.geometry.layer_thickness**3 > _RARE

    def _age(self, state, address, p) -> None:
        duration, temperature = self._pending
        launch(_mushroom_read.relax, self._size, duration, temperature, p.relaxation, state.order)
        if self._crystallizes(p):
            velocity = crystallization.growth_velocity(temperature, p.crystallization)
            rate = crystallization.nucleation_rate(temperature, p.crystallization)
            launch(_mushroom_anneal.anneal, self._size, address, velocity, rate, duration, p, state, grain=_GRAIN)

    def trap_tables(self, duration: float, temperature: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Chances for the traps: (looks, 2, 256) since each look, (2, 256) transitions out
        of each state that are expected in a read; rates [1/s].
        """
        filled = self._floats.filled
        elapsed = self._trap_time - np.array(self._looks)
        decay = np.exp(-elapsed[:, None] * self._rates)
        chance = np.stack([filled * (1.0 - decay), filled + (1.0 - filled) * decay], axis=1)
        rates = self._rates * telegraph.acceleration(temperature, self._floats)
        hazard = duration * rates * np.array([[filled], [1.0 - filled]])
        return np.ascontiguousarray(chance), hazard, rates

    def look(self, chosen: np.ndarray) -> None:
        """Note that the chosen devices' traps are up to the clock."""
        if chosen.size == self._size:
            self._looks = [self._trap_time]
            self.looked[:] = 0
            return
        if len(self._looks) >= self._full:
            used, self.looked[:] = np.unique(self.looked, return_inverse=True)
            self._looks = [self._looks[k] for k in used]
            self._full = min(max(2 * len(used), _FEW_LOOKS), _MOST_LOOKS)
        self._looks.append(self._trap_time)
        self.looked[chosen] = len(self._looks) - 1

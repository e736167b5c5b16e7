"""Likelihood of a trace of a few traps, its slopes, and the search for its maximum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pcmphys.fit.telegraph.kernels import sweep

_EM_STEPS = 20
_NEWTON_STEPS = 40
_SLOWEST = 1e-7
"""Least chance of a change between two reads that the search begins with."""


class Traps(NamedTuple):
    """Traps of a trace; ``theta``: level, amplitudes, drift, ln sigma, ln capture and ln emission rates [1/read]."""

    theta: np.ndarray
    count: int

    @property
    def level(self) -> float:
        """With all traps empty, in the middle of the trace."""
        return float(self.theta[0])

    @property
    def amplitudes(self) -> np.ndarray:
        """Drop by each trap when it is filled."""
        return self.theta[1 : 1 + self.count]

    @property
    def drift(self) -> float:
        """Change over the whole trace."""
        return float(self.theta[1 + self.count])

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise."""
        return math.exp(min(self.theta[2 + self.count], 300.0))

    @property
    def rates(self) -> np.ndarray:
        """Capture and emission rates [1/read], (2, traps)."""
        return np.exp(np.minimum(self.theta[3 + self.count :].reshape(2, self.count), 20.0))

    @property
    def chances(self) -> np.ndarray:
        """Chance that an empty trap is filled, and a filled one empty, at the next read, (2, traps)."""
        rates = self.rates
        total = rates.sum(axis=0)
        return rates / total * -np.expm1(-total)

    @property
    def filled(self) -> np.ndarray:
        """Whether each trap is filled in each state, (states, traps)."""
        return (np.arange(2**self.count)[:, None] >> np.arange(self.count)) & 1

    @property
    def levels(self) -> np.ndarray:
        """Of each state, (states,)."""
        return self.level - self.filled @ self.amplitudes

    @property
    def transitions(self) -> np.ndarray:
        """Chance of each transition between two reads, (states, states)."""
        matrix = np.ones((1, 1))
        for up, down in self.chances.T:
            matrix = np.kron([[1.0 - up, up], [down, 1.0 - down]], matrix)
        return matrix


def traps_of(level: float, amplitudes: Any, drift: float, sigma: float, chances: np.ndarray) -> Traps:
    """From chances of a change between two reads (2, traps) to rates that make them."""
    chances = np.clip(chances, _SLOWEST, 0.999)
    total = np.minimum(chances.sum(axis=0), 0.98)
    rates = chances / chances.sum(axis=0) * -np.log1p(-total)
    count = len(amplitudes)
    return Traps(np.concatenate([[level], amplitudes, [drift], [math.log(sigma)], np.log(rates).ravel()]), count)


@dataclass(eq=False)
class Likelihood:
    """Of a trace; ``place`` runs from -1/2 to 1/2 over it (or is another shape of the drift)."""

    value: np.ndarray
    place: np.ndarray

    def __post_init__(self) -> None:
        self._room: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def posterior(self, traps: Traps) -> tuple[float, np.ndarray, np.ndarray]:
        """Log likelihood, posterior (reads, states), expected transitions (states, states)."""
        count, states = self.value.size, 2**traps.count
        if states not in self._room:
            shapes = (count, states), (states, states), (count + 3, states)
            self._room = {states: tuple(np.zeros(shape) for shape in shapes)}
        gamma, changes, work = self._room[states]
        free = self.value - traps.drift * self.place
        found = sweep(free, traps.levels, traps.sigma, np.ascontiguousarray(traps.transitions), gamma, changes, work)
        return found - count * math.log(traps.sigma * math.sqrt(2.0 * math.pi)), gamma, changes

    def counts(self, traps: Traps, changes: np.ndarray) -> np.ndarray:
        """Expected stays and changes of each trap, (from, to, traps)."""
        filled = traps.filled
        result = np.zeros((2, 2, traps.count))
        for before in (0, 1):
            for after in (0, 1):
                for k in range(traps.count):
                    result[before, after, k] = changes[np.ix_(filled[:, k] == before, filled[:, k] == after)].sum()
        return result

    def score(self, theta: np.ndarray, count: int) -> tuple[float, np.ndarray]:
        """Log likelihood and its slopes by theta: Fisher's identity, one pair of sweeps."""
        traps = Traps(theta, count)
        total, gamma, changes = self.posterior(traps)
        sums = gamma.T @ np.stack([np.ones_like(self.place), self.place, self.value], axis=1)
        levels, variance = traps.levels, traps.sigma**2
        # sum over reads and states of posterior times residual, residual times place, residual squared
        first = sums[:, 2] - levels * sums[:, 0] - traps.drift * sums[:, 1]
        line = self.value @ self.place - levels @ sums[:, 1] - traps.drift * (self.place @ self.place)
        free = self.value - traps.drift * self.place
        squares = free @ free - 2.0 * levels @ (sums[:, 2] - traps.drift * sums[:, 1]) + levels**2 @ sums[:, 0]
        slopes = [first.sum() / variance, *(-(traps.filled.T @ first) / variance), line / variance]
        slopes.append(squares / variance - self.value.size)
        return total, np.concatenate([slopes, self._rate_slopes(traps, changes)])

    def _rate_slopes(self, traps: Traps, changes: np.ndarray) -> np.ndarray:
        stays = self.counts(traps, changes)
        up, down = np.clip(traps.chances, 1e-12, 1.0 - 1e-12)
        by_up = stays[0, 1] / up - stays[0, 0] / (1.0 - up)
        by_down = stays[1, 0] / down - stays[1, 1] / (1.0 - down)
        capture, emission = traps.rates
        total = capture + emission
        changed, kept = -np.expm1(-total), np.exp(-total)
        ratio = changed / total
        bend = (kept - ratio) / total  # derivative of changed / total by the total
        by_capture = by_up * (ratio + capture * bend) + by_down * emission * bend
        by_emission = by_up * capture * bend + by_down * (ratio + emission * bend)
        return np.concatenate([by_capture * capture, by_emission * emission])

    def improved(self, traps: Traps) -> Traps:
        """One step of expectation and maximisation (Baum and Welch), for levels that are sums."""
        _, gamma, changes = self.posterior(traps)
        filled = np.concatenate([np.ones((2**traps.count, 1)), -traps.filled], axis=1)
        sums = gamma.T @ np.stack([np.ones_like(self.place), self.place, self.value], axis=1)
        size = traps.count + 2
        normal, right = np.zeros((size, size)), np.zeros(size)
        normal[:-1, :-1] = (filled.T * sums[:, 0]) @ filled
        normal[:-1, -1] = normal[-1, :-1] = filled.T @ sums[:, 1]
        normal[-1, -1] = self.place @ self.place or 1.0
        right[:-1], right[-1] = filled.T @ sums[:, 2], self.place @ self.value
        found = np.linalg.lstsq(normal, right, rcond=None)[0]
        free = self.value - found[-1] * self.place
        levels = filled @ found[:-1]
        squares = sum(gamma[:, s] @ (free - level) ** 2 for s, level in enumerate(levels))
        stays = self.counts(traps, changes)
        chances = np.stack(
            [stays[0, 1] / (stays[0].sum(axis=0) + 1e-300), stays[1, 0] / (stays[1].sum(axis=0) + 1e-300)]
        )
        sigma = max(math.sqrt(squares / self.value.size), 1e-12 * float(np.ptp(self.value)))
        return traps_of(found[0], found[1:-1], found[-1], sigma, chances)

    def maximum(self, start: Traps, steps: int = _EM_STEPS) -> tuple[Traps, float]:
        """The likelihood's maximum near a start: expectation and maximisation, then quasi-Newton steps."""
        from scipy.optimize import minimize

        traps = start
        for _ in range(steps):
            traps = self.improved(traps)
        size = np.ones(traps.theta.size)
        size[: traps.count + 2] = traps.sigma / math.sqrt(self.value.size)
        size[traps.count + 2] = 1.0 / math.sqrt(self.value.size)
        size[traps.count + 3 :] = 0.1

        def lost(scaled):
            total, slopes = self.score(scaled * size, traps.count)
            return -total, -slopes * size

        options = {"maxiter": _NEWTON_STEPS, "gtol": 1e-3}
        found = minimize(lost, traps.theta / size, jac=True, method="BFGS", options=options)
        return Traps(found.x * size, traps.count), -float(found.fun)

    def information(self, traps: Traps) -> np.ndarray:
        """Observed information: minus the second derivatives of the log likelihood, (theta, theta)."""
        step = np.full(traps.theta.size, 1e-3)
        step[: traps.count + 2] = 0.05 * traps.sigma / math.sqrt(self.value.size)
        rows = []
        for k in range(traps.theta.size):
            shift = np.zeros(traps.theta.size)
            shift[k] = step[k]
            above, below = (self.score(traps.theta + side * shift, traps.count)[1] for side in (1.0, -1.0))
            rows.append(-(above - below) / (2.0 * step[k]))
        matrix = np.array(rows)
        return 0.5 * (matrix + matrix.T)

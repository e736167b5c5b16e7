"""What backward passes leave for an update: inputs, gradients, and how large the gradient by the weights is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pcmphys.matrix.flow import Patches, cut

_CHUNK_BYTES = 2**25
"""Memory [bytes] of patches that lie side by side."""


class Noted(NamedTuple):
    """Inputs and gradients by the outputs of a backward pass, of vectors or of images with patches."""

    x: np.ndarray
    d: np.ndarray
    patches: Patches | None

    @property
    def updates(self) -> int:
        """How many it makes."""
        if self.patches is None:
            return len(self.x)
        high, wide = self.patches.outputs(*self.x.shape[2:])
        return len(self.x) * high * wide

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (updates, inputs) and gradients (updates, outputs); patches image by image, along its rows."""
        return next(self.some(max(self.updates, 1)))

    def some(self, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The same in parts of ``most`` updates."""
        if self.patches is None:
            x, d = self.x, self.d
        else:
            x, d = np.ascontiguousarray(self.x), np.moveaxis(self.d, 1, -1).reshape(self.updates, -1)
        for start in range(0, max(self.updates, 1), most):
            stop = min(start + most, self.updates)
            yield x[start:stop] if self.patches is None else cut(x, self.patches, start, stop), d[start:stop]


class Gathered:
    """What the backward passes since the last update amount to, in their order.

    Parameters
    ----------
    inputs, outputs : int
        Shape of the weights.
    """

    def __init__(self, inputs: int, outputs: int):
        self._shape = (inputs, outputs)
        self.clear()

    def __len__(self) -> int:
        """Passes."""
        return len(self._passes)

    def clear(self) -> None:
        """Forget all of it."""
        self._passes: list[Noted] = []
        self._apart: list[tuple[np.ndarray, np.ndarray]] = []  # vectors that are not in the sum yet
        self._sum: np.ndarray | None = None
        self._square = 0.0

    @property
    def norm(self) -> float:
        """Euclidean norm of the gradient by the weights."""
        return math.sqrt(max(self._square, 0.0))

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (updates, inputs) and gradients (updates, outputs) of all passes."""
        found = [one.vectors() for one in self._passes]
        if len(found) == 1:
            return found[0]
        return np.concatenate([x for x, _ in found]), np.concatenate([d for _, d in found])

    def scale(self, factor: float) -> None:
        """Multiply the gradients of all passes so far; by zero, they are forgotten."""
        if factor == 1.0:
            return
        if factor == 0.0:
            self.clear()
            return
        self._passes = [one._replace(d=one.d * factor) for one in self._passes]
        self._apart = [(x, d * factor) for x, d in self._apart]
        self._sum = None if self._sum is None else self._sum * factor
        self._square *= factor * factor

    def add(self, passes: list[Noted]) -> None:
        """One pass more, in which the weights were used once or several times."""
        self._passes += passes
        inputs, outputs = self._shape
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is told by the update
            vectors = sum(one.updates for one in passes) + sum(len(x) for x, _ in self._apart)
            if self._sum is None and vectors * (inputs + outputs) < inputs * outputs:
                for one in passes:
                    x, d = one.vectors()
                    self._add_apart(x.astype(np.float64), d.astype(np.float64))
            else:
                self._add_to_sum(passes)

    def _add_apart(self, x: np.ndarray, d: np.ndarray) -> None:
        """Of few vectors the norm of the sum of x d is one of their scalar products, without the sum."""
        for other_x, other_d in self._apart:
            self._square += 2.0 * float(np.vdot(x @ other_x.T, d @ other_d.T))
        self._square += float(np.vdot(x @ x.T, d @ d.T))
        self._apart.append((x, d))

    def _add_to_sum(self, passes: list[Noted]) -> None:
        found = np.zeros(self._shape) if self._sum is None else self._sum
        for x, d in self._apart:
            found += x.T @ d
        most = max(1, _CHUNK_BYTES // (8 * sum(self._shape)))
        for one in passes:
            for x, d in one.some(most):
                found += x.astype(np.float64).T @ d.astype(np.float64)
        self._sum, self._square = found, float(np.vdot(found, found))
        self._apart.clear()

"""What a mapping is: the interface between a matrix of weights and the arrays that hold it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.brief import attributes


class Mapping(ABC):
    """How weights become conductances, and how the currents of the arrays become a product.

    A tile of weights sits on `arrays` physical arrays that get the same word-line voltages; the currents of their bit
    lines are combined, and the combination is what the tile's converter sees. Subclass it for a mapping of your own:
    set `arrays` and write `scale`, `targets` and `combine`; `shape` too if a tile has other bit lines than weight
    columns. `DifferentialPair`, `SeveralPairs` and `ReferenceColumn` are written that way.

    Attributes
    ----------
    arrays : int
        Physical arrays of a tile.

    Notes
    -----
    Not modelled: what the combination costs. Subtracting, weighting and summing currents is ideal, before one
    converter.

    Examples
    --------
    Two pairs of equal weight, one the copy of the other, so that their errors average:

    >>> class Copies(Mapping):
    ...     arrays = 4
    ...
    ...     def scale(self, weights, conductance_maximum, conductance_minimum=0.0):
    ...         return self.largest(weights) / (2.0 * (conductance_maximum - conductance_minimum))
    ...
    ...     def targets(self, weights, scale, conductance_maximum, conductance_minimum=0.0):
    ...         half = 0.5 * weights / scale
    ...         plus, minus = np.maximum(half, 0.0), np.maximum(-half, 0.0)
    ...         return np.minimum(conductance_minimum + np.stack([plus, minus] * 2), conductance_maximum)
    ...
    ...     def combine(self, values):
    ...         return values[0] - values[1] + values[2] - values[3]
    >>> copies, weights = Copies(), np.array([[1.0, -0.5]])
    >>> scale = copies.scale(weights, 2e-5)
    >>> copies.weights(copies.targets(weights, scale, 2e-5), scale)
    array([[ 1. , -0.5]])
    """

    arrays: int = 1

    __repr__ = attributes

    def shape(self, rows: int, columns: int) -> tuple[int, int, int]:
        """Arrays, word lines and bit lines of a tile of ``rows`` x ``columns`` weights; word lines are the rows."""
        return self.arrays, rows, columns

    @abstractmethod
    def scale(self, weights: np.ndarray, conductance_maximum: float, conductance_minimum: float = 0.0) -> float:
        """Weight per combined conductance [1/S]; ``weights`` is the whole matrix, not a tile.

        Raises
        ------
        ParameterError
            The mapping asks for conductances outside the cell's range [S].
        """

    @abstractmethod
    def targets(
        self, weights: np.ndarray, scale: float, conductance_maximum: float, conductance_minimum: float = 0.0
    ) -> np.ndarray:
        """Target conductances [S] of a tile with these ``weights`` (rows, columns), in the shape that `shape` says."""

    @abstractmethod
    def combine(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Combine what the arrays give, linearly: from ``arrays`` arrays (n, bit lines) to one (n, columns).

        The values are currents [A] of n inputs or conductances [S] of n word lines.
        """

    def weights(self, conductance: np.ndarray, scale: float) -> np.ndarray:
        """Weights that the conductances [S] of a tile amount to, shape (rows, columns)."""
        return scale * self.combine(conductance)

    def ideal(
        self, weights: np.ndarray, scale: float, conductance_maximum: float, conductance_minimum: float = 0.0
    ) -> np.ndarray:
        """Combined conductance [S] (rows, columns) that stands for ``weights``: what a perfect tile multiplies by."""
        return self.combine(self.targets(weights, scale, conductance_maximum, conductance_minimum))

    @staticmethod
    def largest(weights: np.ndarray) -> float:
        """Largest magnitude; 1 for an all-zero matrix."""
        return float(np.abs(weights).max()) or 1.0


def checked_ceiling(ceiling: float | None) -> float | None:
    """The largest conductance [S] that targets may ask for, as the user gave it."""
    return None if ceiling is None else check.number("ceiling", ceiling, "S", 0.0, low_open=True)


def top(ceiling: float | None, conductance_maximum: float, conductance_minimum: float) -> float:
    """Largest target [S] of a mapping with this ceiling on a cell with this range."""
    if ceiling is None:
        return conductance_maximum
    if not conductance_minimum < ceiling <= conductance_maximum:
        raise ParameterError(
            f"ceiling must be a number in S within ({conductance_minimum:g}, {conductance_maximum:g}], the range of "
            f"the cell; got {ceiling:g} S"
        )
    return ceiling

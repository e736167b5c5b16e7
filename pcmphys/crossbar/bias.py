"""What is applied to the terminals of a crossbar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys import _check


@dataclass(frozen=True, eq=False)
class Bias:
    """Voltages at the terminals; make one with a constructor such as `Bias.matvec`.

    Attributes
    ----------
    row : ndarray [V]
        Voltages at the left ends of the word lines, shape (rows,) or (rows, batch).
    """

    row: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "row", np.array(_check.array("voltage", self.row, "V", ndim=(1, 2))))

    @classmethod
    def matvec(cls, voltage) -> Bias:
        """Drive every word line at its left end, sense every bit line at its bottom end at virtual ground.

        Parameters
        ----------
        voltage : array_like [V]
            Shape (rows,) for one input or (rows, batch) for many.

        Examples
        --------
        >>> Bias.matvec([0.1, 0.2]).row
        array([0.1, 0.2])
        """
        return cls(voltage)

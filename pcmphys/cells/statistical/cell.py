"""The statistical cell of one technology: its published moments, and devices made from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.numbers import NumberedCell
from pcmphys.cells.shape import one_shape
from pcmphys.cells.statistical import kernels as kernels
from pcmphys.cells.statistical import laws
from pcmphys.cells.statistical.devices import StatisticalPopulation
from pcmphys.numerics import check
from pcmphys.numerics.compile import launch


class StatisticalCell(NumberedCell[laws.StatisticalParameters]):
    """A PCM technology known by its published moments; make one with `pcmphys.load_cell`.

    Parameters
    ----------
    parameters : StatisticalParameters
        Numbers of the technology.
    technology : Technology
        The same numbers with unit, source and kind, as read from the parameter file.
    """

    @property
    def conductance_maximum(self) -> float:
        """Largest programmable conductance [S]."""
        return self.parameters.conductance_maximum

    @property
    def conductance_minimum(self) -> float:
        """Least programmable conductance [S]."""
        return 0.0

    @property
    def read_voltage(self) -> float:
        """Usual read voltage [V]."""
        return self.parameters.read_voltage

    @property
    def reference_time(self) -> float:
        """Age [s] from which drift counts, t_0."""
        return self.parameters.reference_time

    def population(
        self, shape: int | Sequence[int], *more: int, seed: int = 0, first_cell: int = 0
    ) -> StatisticalPopulation:
        """Make devices, not yet programmed.

        Parameters
        ----------
        shape : int or tuple of int
            Any shape, also with no device at all.
        *more
            Nothing: two numbers are refused, as the second could be a width or a seed.
        seed : int
            Same seed, same devices and same noise, whatever the number of threads.
        first_cell : int
            Number of the first device. ``population(n, seed=seed, first_cell=k)`` holds the devices k .. k+n-1 of the
            larger population with that seed, bit by bit: a way to run 1e9 devices in chunks.

        Returns
        -------
        StatisticalPopulation
        """
        one_shape(shape, more)
        return StatisticalPopulation(self, shape, seed, first_cell)

    def moments(self, target: ArrayLike) -> dict[str, np.ndarray]:
        """Published moments at ``target`` [S].

        They are the moments of the draws: where the clip of a conductance at zero or the magnitude of a drift
        exponent bites (low targets), mean and spread of a population differ accordingly.

        Returns
        -------
        dict
            ``programming_error`` [S], ``drift_exponent_mean``, ``drift_exponent_spread`` and ``read_noise`` (Q_s),
            each with the shape of ``target``.
        """
        target = check.array("target", target, "S", 0.0, self.conductance_maximum, empty=True)
        found = np.empty((4, target.size))
        launch(kernels.moments, target.size, self.parameters.pack(), target.reshape(-1), found)
        names = ("programming_error", "drift_exponent_mean", "drift_exponent_spread", "read_noise")
        return {name: values.reshape(target.shape) for name, values in zip(names, found, strict=True)}

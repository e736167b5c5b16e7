"""Neighbouring cells of a word line, all at one voltage, as one: for a crossbar of fewer bit lines (see `beginning`).

What the neighbours draw together is the mean of a law over their conductances. A cell with their mean conductance draws
5 to 20 % more for cells of 1 to 25 uS, because a cell's current rises less than the conductance of its device; and such
errors add up along the lines. Two cells take its place, at the conductances and with the weights that give any cubic
its mean (Gauss' rule for the distribution of the neighbours): where they are of two kinds, on and off, those are the
two.

References
----------
G. H. Golub, J. H. Welsch, Math. Comput. 23, 221 (1969): nodes and weights from moments; here two, in closed form.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.crossbar.selectors import Selector, Series
from pcmphys.numerics.compile import kernel, launch

_ALIKE = 1e-12
"""Variance over the squared mean below which conductances are one."""


class Merged:
    """Ohmic devices behind a selector, each cell in place of some neighbours of a word line; what `cells` asks for.

    Parameters
    ----------
    conductance : ndarray (rows, columns) [S]
        Of the devices that are merged.
    count : int
        Neighbours that become one; the last of a line may be fewer.
    """

    on = selector_on = switched = None

    def __init__(self, conductance: np.ndarray, count: int, selector: Selector, gate: np.ndarray | None):
        rows, columns = conductance.shape
        self._conductance, self._count = conductance, count
        self._less, self._more, self._share = np.empty((3, rows, -(-columns // count)))
        launch(_two_of_each, rows, conductance, count, self._less, self._more, self._share, grain=2**15 // columns + 1)
        self._selector, self._gate = selector, gate
        self._at_less, self._at_more = np.full((2, *self._less.shape), np.nan)
        self._of_less, self._of_more = np.zeros((2, *self._less.shape))

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all."""
        return self._more > 0.0

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See `cells`; each of the two cells has an inner node of its own, and its last place as the first guess."""
        more = Series(self._of_more, np.empty(voltage.shape), self._at_more)
        series.inner[...] = self._at_less
        self._selector.series(voltage, self._less, series, gate=self._gate)
        self._selector.series(voltage, self._more, more, gate=self._gate)
        self._at_less[...], self._of_less[...] = series.inner, series.current
        for whole, other in ((series.current, more.current), (series.slope, more.slope)):
            whole += self._share * (other - whole)

    def beyond_mean(self, together: int) -> np.ndarray:
        """What each bit line gets from every ``together`` word lines, less the mean of its neighbours [A].

        At the voltages last asked for. Between and beyond the two cells of the neighbours a current is taken to be the
        parabola through theirs and the origin.
        """
        rows, columns = self._conductance.shape
        out = np.empty((-(-rows // together), columns))
        sides = self._less, self._more, self._share, self._of_less, self._of_more
        grain = 2**15 // (together * columns) + 1
        launch(_beyond_mean, out.shape[0], self._conductance, (together, self._count), sides, out, grain=grain)
        return out


@kernel
def _two_of_each(start, stop, values, count, less, more, share):
    """For each ``count`` neighbours on the lines start..stop ``less`` and ``more`` [S], and the weight of ``more``."""
    for i in range(start, stop):
        for k in range(less.shape[1]):
            first, last = k * count, min((k + 1) * count, values.shape[1])
            mean, square, cube = 0.0, 0.0, 0.0
            for j in range(first, last):
                mean += values[i, j]
            mean /= last - first
            for j in range(first, last):
                apart = values[i, j] - mean
                square += apart * apart
                cube += apart * apart * apart
            square /= last - first
            cube /= last - first
            less[i, k], more[i, k], share[i, k] = mean, mean, 0.5
            if square > _ALIKE * mean * mean:
                deviation = math.sqrt(square)
                lean = 0.5 * cube / (square * deviation)
                root = math.sqrt(1.0 + lean * lean)
                less[i, k] = max(mean + deviation * (lean - root), 0.0)
                more[i, k] = mean + deviation * (lean + root)
                share[i, k] = 0.5 * (1.0 - lean / root)


@kernel
def _beyond_mean(start, stop, values, counts, sides, out):
    """See `Merged.beyond_mean`; ``counts`` are word lines and bit lines that are taken as one."""
    together, count = counts
    less, more, share, of_less, of_more = sides
    for group in range(start, stop):
        out[group] = 0.0
        for i in range(group * together, min((group + 1) * together, values.shape[0])):
            for k in range(less.shape[1]):
                mean = of_less[i, k] + share[i, k] * (of_more[i, k] - of_less[i, k])
                rise = of_more[i, k] / more[i, k] if more[i, k] > 0.0 else 0.0
                bend = 0.0
                if more[i, k] > less[i, k] > 0.0:
                    bend = (rise - of_less[i, k] / less[i, k]) / (more[i, k] - less[i, k])
                    rise -= bend * more[i, k]
                for j in range(k * count, min((k + 1) * count, values.shape[1])):
                    out[group, j] += values[i, j] * (rise + bend * values[i, j]) - mean

r"""Hopping between traps that lie close: J = s F_0 sinh(F / F_0), F_0 = 2 k T / (q dz).

Ohmic at low field; at high field each hop of a length dz gains q F dz / 2 at the top of its barrier. Through a
hemispherical dome the current density falls as 1/r^2, and the voltage over it is an integral that has no closed form:

    V(I) = int F_0 arsinh(J(r) / (s F_0)) dr,    J = I / (2 pi r^2).

With c(r) the density over its mean along the path, v half of the variance of c, and y = arsinh of the mean density over
s F_0, to first order in v

    V = F_0 u (y - v tanh(y)^3).

That is right for thin domes at any field. Minus the mean of ln c in the place of half the variance is the same for thin
domes and makes it right for thick ones at high field too: that is the crowding v of `laws.crowding`. From no voltage to
the threshold the current is then within 0.4 % of that of the integral for domes up to 25 nm on a heater of 20 nm, 1.2 %
at 40 nm, 2.6 % at 60 nm and 4.4 % at 80 nm. An equivalent thickness that makes V(I) right to its third order has the
current six times too high at the threshold of 25 nm; a plane layer of the true thickness has it a tenth too low.

Not modelled: a distance between hops that falls with temperature (6 nm at 300 K, 2 nm at 85 K are measured).

References
----------
D. Ielmini, Y. Zhang, J. Appl. Phys. 102, 054517 (2007): the sinh law. arXiv:2210.14035: distances in melt-quenched
Ge2Sb2Te5 below 21 MV/m.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import hyperbolic_in_chains, log, log1p
from pcmphys.physics.conduction.rows import (
    BENT,
    CROWDING,
    CURRENT,
    DOME,
    FIELD,
    FLAT,
    GUESS,
    PER_FIELD,
    RATIO,
    RISE,
    SHARE,
    SIDE,
    SLOPE,
    TURN,
    USED,
    VALUE,
    step,
)
from pcmphys.physics.state import SECTORS

_BENT = 4.0  # y up to which a series of sinh leads within 0.02 of the solution, and one step within 1e-6
_BEND = 0.08  # of the ohmic start, by y^2: about half of what sinh bends there, so that its series leads home
_LEAST_RATIO, _LARGEST_RATIO = 1e-3, 1e150  # of x/k: below, arsinh is the ohmic start; above, its square is no number
_CUBE_FULL = 2.2  # y from which on tanh^3 counts as one in a start


@dataclass(frozen=True)
class HoppingParameters:
    """Hopping between traps that lie close."""

    hop_distance: float = field(
        metadata={"unit": "m", "above": 0.0, "high": 1e-7, "doc": "distance between traps, dz; no dome is thinner"}
    )

    @property
    def field_factor(self) -> float:
        """F_0 over the temperature [V/(m K)]."""
        return 2.0 * BOLTZMANN / (ELEMENTARY_CHARGE * self.hop_distance)


@law
def density(y: float) -> float:
    """Current density over s F_0 at a field of y F_0.

    Examples
    --------
    >>> round(density(2.0), 4)
    3.6269
    """
    return math.sinh(y)


@law
def reduced_field(j: float) -> float:
    """Field over F_0 at a current density of j s F_0 >= 0: the inverse of `density`.

    Examples
    --------
    >>> round(reduced_field(density(2.0)), 12)
    2.0
    """
    j = min(j, _LARGEST_RATIO)
    return log1p(j + j * (j / (1.0 + math.sqrt(1.0 + j * j))))


@law
def drop(j: float, crowding: float) -> float:
    """Voltage over F_0 u of a hemispherical dome whose mean current density is j s F_0 >= 0.

    Examples
    --------
    A plane layer, and a dome as thick as its heater is wide:

    >>> round(drop(30.0, 0.0), 3), round(drop(30.0, 0.0794), 3)
    (4.095, 4.015)
    """
    j = min(j, _LARGEST_RATIO)
    tanh = j / math.sqrt(1.0 + j * j)
    return reduced_field(j) - crowding * tanh * tanh * tanh


@law
def _cube(y):
    """Near tanh(y)^3, within 0.05: for starts."""
    part = min(y, _CUBE_FULL) * (1.0 / _CUBE_FULL)
    return part * part * (3.0 - 2.0 * part)


@law
def _by_series(y, x, k, crowding):
    """One step as in `rows.step`, with three terms of the series of sinh."""
    z = y * y
    bent = k * y * (1.0 + z * (1.0 / 6.0 + z * (1.0 / 120.0 + z * (1.0 / 5040.0))))
    flat = 1.0 / (1.0 + k * (1.0 + z * (0.5 + z * (1.0 / 24.0 + z * (1.0 / 720.0)))))
    newton = (y - crowding * _cube(y) + bent - x) * flat
    e = 0.5 * newton * bent * flat
    return max(y - newton * (1.0 + e + e * e), 0.0)


@law
def _put(y, voltage, s, work):
    """Note y of a sector with what follows from it."""
    k, crowding = work[RATIO + s], work[CROWDING + s]
    sinh, cosh = hyperbolic_in_chains(y)
    per_cosh = 1.0 / cosh
    tanh = sinh * per_cosh
    square, narrow = tanh * tanh, per_cosh * per_cosh
    flat = 1.0 / (1.0 - 3.0 * crowding * square * narrow + k * cosh)
    work[USED + s] = y - crowding * square * tanh + k * sinh
    work[BENT + s] = k * sinh - 6.0 * crowding * tanh * narrow * (narrow - square)
    dome, side = work[DOME + s], work[SIDE + s]
    work[GUESS + s], work[FLAT + s] = y, flat
    work[VALUE + s], work[RISE + s], work[TURN + s] = sinh, cosh, sinh
    work[CURRENT + s] = work[FIELD + s] * dome * sinh + side * voltage
    work[SLOPE + s] = dome * cosh * flat + side


@law
def begin(voltage, work):
    """Begin with y of each sector, for a voltage [V] >= 0 across all of it; returns whether it is far from solved.

    With k = R_films / R_dome: y - v tanh(y)^3 + k sinh y = x = V / V_field. But for the crowding v, both x/(1 + k) and
    arsinh(x/k) lie above the solution. Up to `_BENT` the first is bent a little and put into the series of sinh.
    """
    bent = 0
    for s in range(SECTORS):
        x, k = voltage * work[PER_FIELD + s], work[RATIO + s]
        share, crowding = work[SHARE + s], work[CROWDING + s]
        y = x * share
        bent += np.int64(y > _BENT)
        y = y / (1.0 + _BEND * (1.0 - share) * y * y)
        _put(_by_series(y + share * crowding * _cube(y), x, k, crowding), voltage, s, work)
    if bent == 0:
        return False
    for s in range(SECTORS):
        x, k = voltage * work[PER_FIELD + s], work[RATIO + s]
        ratio = min(x / k, _LARGEST_RATIO)
        y = log(ratio + math.sqrt(ratio * ratio + 1.0))
        ohmic = x * work[SHARE + s]
        ohmic += work[CROWDING + s] * _cube(ohmic)
        _put(min(ohmic, y) if ratio > _LEAST_RATIO else ohmic, voltage, s, work)
    return True


@law
def improve(voltage, work):
    """Go one step with y of each sector."""
    for s in range(SECTORS):
        _put(max(work[GUESS + s] - step(voltage, s, work), 0.0), voltage, s, work)

r"""Emission from isolated charged traps: J = s F exp(sqrt(F / F_0)), F_0 = pi eps_0 eps_r (k T)^2 / q^3.

The field lowers the Coulomb barrier of a trap by beta sqrt(F), with Frenkel's beta = sqrt(q^3 / (pi eps_0 eps_r)).
Ohmic at low field, where J / (s F) goes to one, though with an infinite slope; at high field ln J grows as the root of
the field. It is the law that `pcmphys.fit.iv` calls "poole-frenkel".

Through a hemispherical dome the current density falls as 1/r^2. As in `hopping`, with y the field over F_0 at the mean
density along the path, r = sqrt(y), and v the crowding,

    V = F_0 u (y - v 2 r^3 (3 + r) / (2 + r)^3).

Up to the threshold the current is within 0.6 % of that of the integral over the shells for domes up to 80 nm on a
heater of 20 nm (0.1 % at 25 nm).

Not modelled: emission against the field and to the sides; the transition to `hopping` where traps lie close.

References
----------
J. Frenkel, Phys. Rev. 54, 647 (1938). D. Ielmini, Y. Zhang, J. Appl. Phys. 102, 054517 (2007): both laws for
chalcogenides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp_in_chains, log, log1p
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

_LEAST = 1e-200  # of y and j: their roots and logarithms are numbers
_LARGEST = 1e150  # of j
_STEPS = 4  # of Newton's method for Lambert's function, to rounding
_FIRST_STEPS = 2  # the same for a start


@dataclass(frozen=True)
class PooleFrenkelParameters:
    """Emission from isolated charged traps."""

    permittivity: float = field(
        metadata={"unit": "1", "low": 1.0, "high": 1e4, "doc": "relative permittivity at high frequency, eps_r"}
    )
    trap_distance: float = field(
        metadata={"unit": "m", "above": 0.0, "high": 1e-7, "doc": "distance between traps; no dome is thinner"}
    )

    @property
    def field_factor(self) -> float:
        """F_0 over the temperature squared [V/(m K2)]."""
        thermal = BOLTZMANN / ELEMENTARY_CHARGE
        return math.pi * VACUUM_PERMITTIVITY * self.permittivity * thermal * thermal / ELEMENTARY_CHARGE


@law
def density(y: float) -> float:
    """Current density over s F_0 at a field of y F_0 >= 0.

    Examples
    --------
    >>> round(density(4.0), 4)
    29.5562
    """
    return y * math.exp(math.sqrt(y))


@law
def _lambert(z, steps):
    """Lambert's W(z) for z > 0, from above: Newton's method for w + ln w = ln z."""
    w = log1p(z)
    for _ in range(steps):
        w = w * (1.0 + log(z / w)) / (1.0 + w)
    return w


@law
def reduced_field(j: float) -> float:
    """Field over F_0 at a current density of j s F_0 >= 0: the inverse of `density`, 4 W(sqrt(j) / 2)^2.

    Examples
    --------
    >>> round(reduced_field(density(4.0)), 12)
    4.0
    """
    if j < _LEAST:
        return j
    half = _lambert(0.5 * math.sqrt(min(j, _LARGEST)), _STEPS)
    return 4.0 * half * half


@law
def drop(j: float, crowding: float) -> float:
    """Voltage over F_0 u of a hemispherical dome whose mean current density is j s F_0 >= 0.

    Examples
    --------
    A plane layer, and a dome as thick as its heater is wide:

    >>> round(drop(30.0, 0.0), 3), round(drop(30.0, 0.0794), 3)
    (4.03, 3.93)
    """
    y = reduced_field(j)
    root = math.sqrt(y)
    narrow = 1.0 / (2.0 + root)
    return y - crowding * 2.0 * y * root * (3.0 + root) * narrow * narrow * narrow


@law
def _put(y, voltage, s, work):
    """Note y of a sector with what follows from it."""
    k, crowding = work[RATIO + s], work[CROWDING + s]
    root = math.sqrt(max(y, _LEAST))
    per_root, narrow = 1.0 / root, 1.0 / (2.0 + root)
    grown = exp_in_chains(root)
    value, rise, turn = y * grown, (1.0 + 0.5 * root) * grown, 0.25 * (3.0 * per_root + 1.0) * grown
    fourth = narrow * narrow * narrow * narrow
    less = root * (18.0 + 8.0 * root + y) * fourth
    bends = (36.0 - 22.0 * root - 10.0 * y - y * root) * fourth * narrow * 0.5 * per_root
    flat = 1.0 / (1.0 - crowding * less + k * rise)
    work[USED + s] = y - crowding * 2.0 * y * root * (3.0 + root) * narrow * narrow * narrow + k * value
    work[BENT + s] = k * turn - crowding * bends
    dome, side = work[DOME + s], work[SIDE + s]
    work[GUESS + s], work[FLAT + s] = y, flat
    work[VALUE + s], work[RISE + s], work[TURN + s] = value, rise, turn
    work[CURRENT + s] = work[FIELD + s] * dome * value + side * voltage
    work[SLOPE + s] = dome * rise * flat + side


@law
def begin(voltage, work):
    """Begin with y of each sector, for a voltage [V] >= 0 across all of it; it is far from solved: returns true.

    With k = R_films / R_dome: y - v ... + k y exp(sqrt y) = x = V / V_field. But for the crowding v, both x/(1 + k) and
    4 W(sqrt(x/k) / 2)^2 lie above the solution.
    """
    for s in range(SECTORS):
        x, k = voltage * work[PER_FIELD + s], work[RATIO + s]
        z = 0.5 * math.sqrt(min(max(x / k, _LEAST), _LARGEST))
        half = _lambert(z, _FIRST_STEPS)
        ohmic = x * work[SHARE + s]
        root = math.sqrt(ohmic)
        ohmic *= 1.0 + 0.75 * work[CROWDING + s] * root / (1.0 + 0.5 * root)
        _put(min(ohmic, 4.0 * half * half), voltage, s, work)
    return True


@law
def improve(voltage, work):
    """Go one step with y of each sector."""
    for s in range(SECTORS):
        _put(max(work[GUESS + s] - step(voltage, s, work), 0.0), voltage, s, work)

"""What the series elimination of junctions shares: e^x - 1 beside e^x, and a start for the Wright omega function.

A junction in series with a resistor is omega + ln omega = z. With a start that is nearly right everywhere, a fixed
number of steps without a test reaches rounding, and the loop over cells is vector code.

References
----------
F. N. Fritsch, R. E. Shafer, W. P. Crowley, Comm. ACM 16, 123 (1973): steps of high order for w e^w = x. R. M. Corless,
D. J. Jeffrey, "The Wright omega function" (2002): its series. Range reduction of exp: see
`pcmphys.numerics.elementary`.
"""

from __future__ import annotations

import numba

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import (
    _E2,
    _E3,
    _E4,
    _E5,
    _E6,
    _E7,
    _E8,
    _E9,
    _E10,
    _E11,
    _E12,
    _E13,
    _LN2_HIGH,
    _LN2_LOW,
    _ROUND,
    _SQRT_HALF_BITS,
    _bits_of,
    _float_of,
)

LARGEST_EXPONENT = 600.0
"""From this exponent on, a law that grows exponentially goes on along its tangent, so that it stays a number."""


@law
def exponential(x):
    """e**x - 1 and e**x, both with all their digits (errors below 2 units in the last place), for x in [-708, 709].

    Outside, the values at the nearer end; NaN gives NaN.

    Examples
    --------
    >>> exponential(1e-20)
    (1e-20, 1.0)
    """
    x = min(max(x, -708.0), 709.0)
    shifted = x * 1.4426950408889634 + _ROUND
    whole = shifted - _ROUND
    r = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    p = _E12 + r * _E13
    p = _E11 + r * p
    p = _E10 + r * p
    p = _E9 + r * p
    p = _E8 + r * p
    p = _E7 + r * p
    p = _E6 + r * p
    p = _E5 + r * p
    p = _E4 + r * p
    p = _E3 + r * p
    p = _E2 + r * p
    less = r + (r * r) * p
    power = _float_of(((_bits_of(shifted) - _bits_of(_ROUND)) + numba.int64(1023)) << numba.int64(52))
    # e^x = 2^k (1 + less): for k = 0 nothing is added to the small number, elsewhere the sum is not small
    return power * less + (power - 1.0), power + power * less


@law
def rough_log(x):
    """Natural logarithm of a positive normal number to 2e-4 absolute, for starts: a cubic instead of a long series."""
    bits = _bits_of(x)
    k = (bits - numba.int64(_SQRT_HALF_BITS)) >> numba.int64(52)
    f = _float_of(bits - (k << numba.int64(52))) - 1.0
    whole = _float_of(k + _bits_of(_ROUND)) - _ROUND
    return whole * 0.6931471805599453 + f * (0.9997 + f * (-0.5023 + f * (0.3536 + f * -0.2236)))


@law
def reciprocal_tail(z):
    """1/omega(z) for z <= 1, so that omega is right to 0.03: first terms of its series at z = 1.

    Examples
    --------
    omega(0) = 0.5671, the root of w e^w = 1:

    >>> round(1.0 / reciprocal_tail(0.0), 3)
    0.568
    """
    t = 1.0 - min(z, 1.0)
    return 1.0 + t * (0.5 + t * (0.1875 + t * (0.0573 + t * 0.0147)))

"""Elementary functions as straight arithmetic that LLVM can vectorise, each a law and each written once.

Calls into the math library are made one number at a time; a loop over cells of these handles four or eight at once.
Errors against a 30-digit evaluation are tested to stay within the bounds stated in each docstring.

The exponential stands here in two forms, because what limits a loop differs. `exp`, and `exp_pair` with its digits
near zero, is one chain of polynomial steps: the fewest operations, best where many cells side by side hide that each
step waits for the one before. `exp_in_chains` and `hyperbolic_in_chains` take even and odd powers apart, in two chains
half as long: a few operations more, faster in the short loops over the sectors of one device, where nothing hides the
wait. Their last digits differ, so a caller stays with one of them.

References
----------
Range reduction of exp and ln: W. J. Cody, W. Waite, *Software Manual for the Elementary Functions* (1980), ch. 5-6.
The polynomials of exp, sinh and cosh are their Taylor series, that of ln the series of artanh, those of the sine pair
their Taylor series: no fitted coefficients. Only `rough_log` is a fitted cubic. Wright's omega function: R. M. Corless,
D. J. Jeffrey, "The Wright omega function" (2002), its series.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics.bits import bits_of, float_of
from pcmphys.numerics.compile import law

LARGEST_EXPONENT = 600.0
"""From this exponent on, a law that grows exponentially goes on along its tangent, so that it stays a number."""

_PER_LN2 = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest whole number
_ROUND_BITS = int(np.float64(_ROUND).view(np.int64))
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_E = [1.0 / math.factorial(k) for k in range(15)]
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12, _E13, _E14 = _E[2:]
_S = [(-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(9)]
_S0, _S1, _S2, _S3, _S4, _S5, _S6, _S7, _S8 = _S
_C = [(-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k) for k in range(9)]
_C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8 = _C[1:]


@law
def _reduced(x):
    """The rest r and the bits of n of x = n ln 2 + r, |r| <= ln(2)/2."""
    shifted = x * _PER_LN2 + _ROUND
    whole = shifted - _ROUND
    return (x - whole * _LN2_HIGH) - whole * _LN2_LOW, bits_of(shifted) - np.int64(_ROUND_BITS)


@law
def _two_to(n):
    """2^n of an int64 in [-1022, 1023]."""
    return float_of((n + np.int64(1023)) << np.int64(52))


@law
def _less_one(r):
    """e^r - 1 for a reduced argument, in one chain."""
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
    return r + (r * r) * p


@law
def exp(x: float) -> float:
    """e**x for x in [-708, 709], error below 2 units in the last place; outside, the value at the nearer end.

    NaN gives NaN.

    Examples
    --------
    >>> round(exp(-0.05 * 11.9), 12)
    0.551562...
    """
    x = min(max(x, -708.0), 709.0) if x == x else x
    r, n = _reduced(x)
    return (1.0 + _less_one(r)) * _two_to(n)


@law
def exp_pair(x: float) -> tuple[float, float]:
    """e**x - 1 and e**x, both with all their digits (errors below 2 units in the last place), for x in [-708, 709].

    Outside, the values at the nearer end; NaN gives NaN.

    Examples
    --------
    >>> exp_pair(1e-20)
    (1e-20, 1.0)
    """
    r, n = _reduced(min(max(x, -708.0), 709.0))
    less, power = _less_one(r), _two_to(n)
    # e^x = 2^n (1 + less): for n = 0 nothing is added to the small number, elsewhere the sum is not small
    return power * less + (power - 1.0), power + power * less


@law
def hyperbolic(y: float) -> tuple[float, float]:
    """Sinh and cosh of y in [0, 709] with all their digits, by `exp_pair` and a division.

    Examples
    --------
    >>> hyperbolic(1e-20), round(hyperbolic(1.0)[0], 6)
    ((1e-20, 1.0), 1.175201)
    """
    less, power = exp_pair(y)
    down = 1.0 / power
    return 0.5 * (less + less * down), 0.5 * (power + down)


@law
def _even_and_odd(y):
    """Cosh r and sinh r, and n of y = n ln 2 + r: two short chains instead of the long one of exp."""
    r, n = _reduced(y)
    z = r * r
    even = _E12 + z * _E14
    odd = _E11 + z * _E13
    even = _E10 + z * even
    odd = _E9 + z * odd
    even = _E8 + z * even
    odd = _E7 + z * odd
    even = _E6 + z * even
    odd = _E5 + z * odd
    even = _E4 + z * even
    odd = _E3 + z * odd
    return 1.0 + z * (_E2 + z * even), r + r * (z * odd), n


@law
def exp_in_chains(y: float) -> float:
    """e^y for y in [-700, 700], error below 3 units in the last place; outside, the value at the nearer end.

    Why there is a second e^y beside `exp`: see the head of this file.

    Examples
    --------
    >>> round(exp_in_chains(1.0), 12)
    2.718281828459
    """
    even, odd, n = _even_and_odd(min(max(y, -700.0), 700.0))
    return (even + odd) * _two_to(n)


@law
def hyperbolic_in_chains(y: float) -> tuple[float, float]:
    """Sinh and cosh of y >= 0, error below 3 units in the last place; beyond 700 the values there.

    Examples
    --------
    >>> sinh, cosh = hyperbolic_in_chains(1.0)
    >>> round(sinh, 12), round(cosh, 12)
    (1.175201193644, 1.543080634815)
    """
    even, odd, n = _even_and_odd(min(y, 700.0))
    # halves of 2^n and 2^-n
    up, down = float_of((n + np.int64(1022)) << np.int64(52)), float_of((np.int64(1022) - n) << np.int64(52))
    return (up - down) * even + (up + down) * odd, (up + down) * even + (up - down) * odd


@law
def _split(x):
    """The m - 1 and k of x = m 2^k, with m in [sqrt(1/2), sqrt(2))."""
    bits = bits_of(x)
    k = (bits - np.int64(_SQRT_HALF_BITS)) >> np.int64(52)
    f = float_of(bits - (k << np.int64(52))) - 1.0
    # whole number to float64 without a conversion instruction: put it into the low bits of 1.5 * 2**52
    return f, float_of(k + np.int64(_ROUND_BITS)) - _ROUND


@law
def log(x: float) -> float:
    """Natural logarithm of a positive normal float64, error below 2 units in the last place.

    Zero, negative, subnormal and infinite arguments are the caller's to avoid (the result is then meaningless, not an
    error). NaN gives NaN.
    """
    f, e = _split(x)
    s = f / (2.0 + f)
    z = s * s
    p = 1.0 / 19.0 + z * (1.0 / 21.0)
    p = 1.0 / 17.0 + z * p
    p = 1.0 / 15.0 + z * p
    p = 1.0 / 13.0 + z * p
    p = 1.0 / 11.0 + z * p
    p = 1.0 / 9.0 + z * p
    p = 1.0 / 7.0 + z * p
    p = 1.0 / 5.0 + z * p
    p = 1.0 / 3.0 + z * p
    # ln m = 2 artanh(s) = f - s*(f - 2 z p): the large part f is exact
    half = 0.5 * f * f
    result = e * _LN2_HIGH - ((half - (s * (half + 2.0 * z * p) + e * _LN2_LOW)) - f)
    return result if x == x else x


@law
def log1p(x: float) -> float:
    """ln(1 + x) for x >= 0 with all its digits.

    Examples
    --------
    >>> log1p(1e-20)
    1e-20
    """
    whole = 1.0 + x
    return log(whole) + (x - (whole - 1.0)) / whole


@law
def rough_log(x: float) -> float:
    """Natural logarithm of a positive normal number to 2e-4 absolute, for starts: a cubic instead of a long series."""
    f, e = _split(x)
    return e * 0.6931471805599453 + f * (0.9997 + f * (-0.5023 + f * (0.3536 + f * -0.2236)))


@law
def sine_pair(turns: float) -> tuple[float, float]:
    """(cos, sin) of 2 pi ``turns`` for ``turns`` in [0, 1), absolute error below 4e-16."""
    # half turns h in [0, 2), reduced to the nearest multiple of one half: |r| <= 1/4
    h = 2.0 * turns
    quarter = (2.0 * h + _ROUND) - _ROUND
    r = h - 0.5 * quarter
    z = r * r
    s = _S7 + z * _S8
    s = _S6 + z * s
    s = _S5 + z * s
    s = _S4 + z * s
    s = _S3 + z * s
    s = _S2 + z * s
    s = _S1 + z * s
    s = r * (_S0 + z * s)
    c = _C7 + z * _C8
    c = _C6 + z * c
    c = _C5 + z * c
    c = _C4 + z * c
    c = _C3 + z * c
    c = _C2 + z * c
    c = _C1 + z * c
    c = 1.0 + z * c
    # quadrant 0..4: rotate (c, s) by that many quarter turns
    odd = (quarter == 1.0) | (quarter == 3.0)
    cosine = s if odd else c
    sine = c if odd else s
    cosine = -cosine if (quarter == 1.0) | (quarter == 2.0) else cosine
    sine = -sine if (quarter == 2.0) | (quarter == 3.0) else sine
    return cosine, sine


@law
def reciprocal_tail(z: float) -> float:
    """1/omega(z) for z <= 1, so that omega is right to 0.03: first terms of its series at z = 1.

    omega + ln omega = z is a junction in series with a resistor. With a start that is nearly right everywhere, a fixed
    number of steps without a test reaches rounding, and the loop over cells is vector code; beyond z = 1,
    omega ~ z - ln z (by `rough_log`) is such a start.

    Examples
    --------
    omega(0) = 0.5671, the root of w e^w = 1:

    >>> round(1.0 / reciprocal_tail(0.0), 3)
    0.568
    """
    t = 1.0 - min(z, 1.0)
    return 1.0 + t * (0.5 + t * (0.1875 + t * (0.0573 + t * 0.0147)))

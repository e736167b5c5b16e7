"""exp, ln and the sine pair as polynomials that LLVM can vectorise, each a law.

Calls into the math library are made one number at a time; these are straight arithmetic, so that a loop over cells
handles four or eight at once. Errors against a 30-digit evaluation are tested to stay within the bounds stated in
each docstring.

References
----------
Range reduction of exp and ln: W. J. Cody, W. Waite, *Software Manual for the Elementary Functions* (1980), ch. 5-6.
The polynomial of exp is its Taylor series, that of ln the series of artanh, those of the sine pair their Taylor
series: no fitted coefficients.
"""

from __future__ import annotations

import math

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from pcmphys.numerics.compile import law

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest whole number
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_E = [1.0 / math.factorial(k) for k in range(14)]
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12, _E13 = _E[2:]
_S = [(-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(9)]
_S0, _S1, _S2, _S3, _S4, _S5, _S6, _S7, _S8 = _S
_C = [(-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k) for k in range(9)]
_C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8 = _C[1:]


@intrinsic
def _bits_of(typing_context, value):
    """The 64 bits of a float64 as int64."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _float_of(typing_context, bits):
    """The float64 with these 64 bits."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@law
def exp(x):
    """e**x for x in [-708, 709], error below 2 units in the last place; outside, the value at the nearer end.

    NaN gives NaN.

    Examples
    --------
    >>> round(exp(-0.05 * 11.9), 12)
    0.551562...
    """
    x = min(max(x, -708.0), 709.0) if x == x else x
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
    p = 1.0 + (r + (r * r) * p)
    power = ((_bits_of(shifted) - _bits_of(_ROUND)) + numba.int64(1023)) << numba.int64(52)
    return p * _float_of(power)


@law
def log(x):
    """Natural logarithm of a positive normal float64, error below 2 units in the last place.

    Zero, negative, subnormal and infinite arguments are the caller's to avoid (the result is then meaningless, not an
    error). NaN gives NaN.
    """
    bits = _bits_of(x)
    # split x = m * 2**k with m in [sqrt(1/2), sqrt(2))
    k = (bits - numba.int64(_SQRT_HALF_BITS)) >> numba.int64(52)
    m = _float_of(bits - (k << numba.int64(52)))
    # whole number to float64 without a conversion instruction: put it into the low bits of 1.5 * 2**52
    e = _float_of(k + _bits_of(_ROUND)) - _ROUND
    f = m - 1.0
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
def sine_pair(turns):
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

"""The 64 bits of a float64 as a whole number, and back: what range reduction does its shifts on.

Inside compiled code each is a single move that LLVM sees through. With the compiler off (``NUMBA_DISABLE_JIT=1``) the
same names are views of NumPy scalars, whose int64 wraps around and shifts as the machine's does.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

if numba.config.DISABLE_JIT:

    def bits_of(value):
        """The 64 bits of a float64 as int64."""
        return np.float64(value).view(np.int64)

    def float_of(bits):
        """The float64 with these 64 bits."""
        return np.int64(bits).view(np.float64)

else:

    @intrinsic
    def bits_of(typing_context, value):
        """The 64 bits of a float64 as int64."""

        def generate(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], ir.IntType(64))

        return types.int64(types.float64), generate

    @intrinsic
    def float_of(typing_context, bits):
        """The float64 with these 64 bits."""

        def generate(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], ir.DoubleType())

        return types.float64(types.int64), generate

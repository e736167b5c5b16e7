"""Memory called for before it is needed, so that it comes while the processor still has other things to reckon.

A loop that passes over many long arrays waits for each of them: the processor sees a run of numbers coming only once
the loop is there. Where arithmetic on scratch in the cache goes before, its loop calls for what comes after it:

    for begin in range(0, scratch.size // NUMBERS * NUMBERS, NUMBERS):
        call((conductance, exponent), begin)
        for i in range(begin, begin + NUMBERS):
            scratch[i] = ...  # arithmetic that is vector code and touches no memory outside of the cache

(From the length of the array LLVM knows that no sum overflows; with another end of the loop it is no vector code.)

Nothing is read or written by a call, and numbers beyond the end of an array may be called for: results are the same
without. Few arrays a loop and few numbers at a time, because a processor drops calls when too many wait. Run as plain
Python a call does nothing.
"""

from __future__ import annotations

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

NUMBERS = 64
"""How many numbers a call brings."""
_LINE = 64
"""Bytes that come at once."""


if numba.config.DISABLE_JIT:

    def call(arrays, first):
        """Call for `NUMBERS` numbers from ``first`` on of each of a tuple of arrays (numbers,), to be written soon."""

else:

    @intrinsic
    def call(typing_context, arrays, first):
        """Call for `NUMBERS` numbers from ``first`` on of each of a tuple of arrays (numbers,), to be written soon."""

        def generate(context, builder, signature, arguments):
            first = context.cast(builder, arguments[1], signature.args[1], types.int64)
            for kind, array in zip(signature.args[0], cgutils.unpack_tuple(builder, arguments[0]), strict=True):
                _call_for(context, builder, kind, array, first)
            return context.get_dummy_value()

        return types.none(arrays, first), generate


def _call_for(context, builder, kind, array, first):
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    asked = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
    prefetch = cgutils.get_or_insert_function(builder.module, asked, "llvm.prefetch.p0")
    data = context.make_array(kind)(context, builder, value=array).data
    start = builder.bitcast(builder.gep(data, [first]), byte)
    item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    for offset in range(0, NUMBERS * item, _LINE):
        place = builder.gep(start, [ir.IntType(64)(offset)])
        builder.call(prefetch, [place, word(1), word(3), word(1)])  # for writing, to the first level, data

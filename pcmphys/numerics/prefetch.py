"""Memory asked for before it is needed, so that it comes while the processor still has other things to reckon.

A loop that passes over many long arrays waits for each of them: the processor sees a run of numbers coming only once
the loop is there. Where arithmetic on scratch in the cache goes before, its loop asks for what comes after it:

    for begin in range(0, scratch.size // NUMBERS * NUMBERS, NUMBERS):
        fetch((conductance, exponent), begin)
        for i in range(begin, begin + NUMBERS):
            scratch[i] = ...  # arithmetic that is vector code and touches no memory outside of the cache

(From the length of the array LLVM knows that no sum overflows; with another end of the loop it is no vector code.)

Nothing is read or written by it, and numbers beyond the end of an array may be asked for: results are the same
without. Few arrays a loop and few numbers at a time, because a processor forgets some when too many wait. Run as plain
Python it does nothing.
"""

from __future__ import annotations

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

NUMBERS = 64
"""How many numbers of each array are asked for at a time."""
_LINE = 64
"""Bytes that come at once."""

if numba.config.DISABLE_JIT:

    def fetch(arrays, first):
        """Ask for `NUMBERS` numbers from ``first`` on of each of a tuple of arrays (numbers,), to be written soon."""

else:

    @intrinsic
    def fetch(typing_context, arrays, first):
        """Ask for `NUMBERS` numbers from ``first`` on of each of a tuple of arrays (numbers,), to be written soon."""

        def generate(context, builder, signature, arguments):
            first = context.cast(builder, arguments[1], signature.args[1], types.int64)
            for kind, array in zip(signature.args[0], cgutils.unpack_tuple(builder, arguments[0]), strict=True):
                _ask_for(context, builder, kind, array, first)
            return context.get_dummy_value()

        return types.none(arrays, first), generate


def _ask_for(context, builder, kind, array, first):
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    asked = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
    prefetch = builder.module.declare_intrinsic("llvm.prefetch", (byte,), asked)
    data = context.make_array(kind)(context, builder, value=array).data
    start = builder.bitcast(builder.gep(data, [first]), byte)
    item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    for offset in range(0, NUMBERS * item, _LINE):
        place = builder.gep(start, [ir.IntType(64)(offset)])
        builder.call(prefetch, [place, word(1), word(3), word(1)])  # for writing, to the first level, data

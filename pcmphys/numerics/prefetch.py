"""Memory asked for before it is needed, so that it comes while the processor still has other things to reckon.

Processors foresee an array that is gone through from one end to the other, once they are at it. Two kinds of loops
wait nevertheless. Where many long arrays are passed over, each run of numbers is seen coming only when the loop is
there: where arithmetic on scratch in the cache goes before, its loop asks for what comes after it (`fetch`):

    for begin in range(0, scratch.size // NUMBERS * NUMBERS, NUMBERS):
        fetch((conductance, exponent), begin)
        for i in range(begin, begin + NUMBERS):
            scratch[i] = ...  # arithmetic that is vector code and touches no memory outside of the cache

(From the length of the array LLVM knows that no sum overflows; with another end of the loop it is no vector code.)
And where a cell is a row of many arrays, of which some parts are read and some are not, or where cells are left out, a
kernel asks for the next cell's rows while it works on this one (`fetch_ahead`).

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
"""How many numbers of each array `fetch` asks for at a time."""
_LINE = 64
"""Bytes that come at once."""
_READ, _WRITTEN = 0, 1
"""What the memory is asked for."""

if numba.config.DISABLE_JIT:

    def fetch(arrays, first):
        """Ask for `NUMBERS` numbers from ``first`` on of each of a tuple of arrays (numbers,), to be written soon."""

    def fetch_ahead(arrays, row):
        """Ask for a row of contiguous arrays (one, or any tuple of them) that is soon to be read."""

else:

    @intrinsic
    def fetch(typing_context, arrays, first):
        """Ask for `NUMBERS` numbers from ``first`` on of each of a tuple of arrays (numbers,), to be written soon."""

        def generate(context, builder, signature, arguments):
            first = context.cast(builder, arguments[1], signature.args[1], types.int64)
            for kind, array in zip(signature.args[0], cgutils.unpack_tuple(builder, arguments[0]), strict=True):
                data = context.make_array(kind)(context, builder, value=array).data
                start, item = builder.gep(data, [first]), context.get_abi_sizeof(context.get_data_type(kind.dtype))
                for offset in range(0, NUMBERS * item, _LINE):
                    _ask_for(builder, start, ir.IntType(64)(offset), _WRITTEN)
            return context.get_dummy_value()

        return types.none(arrays, first), generate

    @intrinsic
    def fetch_ahead(typing_context, arrays, row):
        """Ask for a row of contiguous arrays (one, or any tuple of them) that is soon to be read."""

        def generate(context, builder, signature, arguments):
            row = context.cast(builder, arguments[1], signature.args[1], types.int64)
            _rows(context, builder, signature.args[0], arguments[0], row)
            return context.get_dummy_value()

        return types.none(arrays, row), generate


def _rows(context, builder, kind, value, row):
    """Ask for all lines of a row of an array, or of each array of a tuple."""
    if isinstance(kind, types.BaseTuple):
        for place, member in enumerate(kind.types):
            _rows(context, builder, member, builder.extract_value(value, place), row)
        return
    view = context.make_array(kind)(context, builder, value=value)
    whole = ir.IntType(64)
    # a row is as long as its numbers are: of an array of one row the stride says nothing
    size = whole(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    for length in cgutils.unpack_tuple(builder, view.shape, kind.ndim)[1:]:
        size = builder.mul(size, length)
    start = builder.gep(builder.bitcast(view.data, ir.IntType(8).as_pointer()), [builder.mul(row, size)])
    lines = builder.udiv(builder.add(size, whole(_LINE - 1)), whole(_LINE))
    with cgutils.for_range(builder, lines) as loop:
        _ask_for(builder, start, builder.mul(loop.index, whole(_LINE)), _READ)


def _ask_for(builder, pointer, offset, purpose):
    """Ask for the line of memory that lies so many bytes behind a pointer."""
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    asked = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
    prefetch = builder.module.declare_intrinsic("llvm.prefetch", (byte,), asked)
    place = builder.gep(builder.bitcast(pointer, byte), [offset])
    builder.call(prefetch, [place, word(purpose), word(3), word(1)])  # to the first level, data

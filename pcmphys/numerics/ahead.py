"""Memory asked for ahead: what a kernel reads of the next cell comes from memory while it works on this one.

Processors foresee arrays that are gone through from one end to the other. Where a cell is a row of many arrays, of
which some parts are read and some are not, or where cells are left out, each of its reads waits for memory.
"""

from __future__ import annotations

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_LINE = 64  # bytes that come from memory together


def _fetch(context, builder, kind, value, row):
    """Ask for all lines of a row of an array, or of each array of a tuple."""
    if isinstance(kind, types.BaseTuple):
        for place, member in enumerate(kind.types):
            _fetch(context, builder, member, builder.extract_value(value, place), row)
        return
    view = context.make_array(kind)(context, builder, value=value)
    byte, whole = ir.IntType(8), ir.IntType(64)
    size = cgutils.unpack_tuple(builder, view.strides, kind.ndim)[0]
    start = builder.gep(builder.bitcast(view.data, byte.as_pointer()), [builder.mul(row, size)])
    function = builder.module.declare_intrinsic(
        "llvm.prefetch",
        (byte.as_pointer(),),
        ir.FunctionType(ir.VoidType(), [byte.as_pointer()] + 3 * [ir.IntType(32)]),
    )
    lines = builder.udiv(builder.add(size, ir.Constant(whole, _LINE - 1)), ir.Constant(whole, _LINE))
    to_read, near, data = (ir.Constant(ir.IntType(32), number) for number in (0, 3, 1))
    with cgutils.for_range(builder, lines) as loop:
        place = builder.gep(start, [builder.mul(loop.index, ir.Constant(whole, _LINE))])
        builder.call(function, [place, to_read, near, data])


if numba.config.DISABLE_JIT:

    def fetch_ahead(arrays, row):
        """Do nothing."""

else:

    @intrinsic
    def fetch_ahead(typing_context, arrays, row):
        """Ask for a row of contiguous arrays (one, or any tuple of them) that is soon to be read."""

        def generate(context, builder, signature, arguments):
            _fetch(context, builder, arrays, arguments[0], context.cast(builder, arguments[1], row, types.int64))
            return context.get_dummy_value()

        return types.none(arrays, row), generate

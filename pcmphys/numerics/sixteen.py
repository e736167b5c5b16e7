"""Sixteen neighbours in an array at once: their sum, the largest of them, and what tables hold for each.

Loops over the sectors of a device are vector code of themselves, but for what goes across sectors: LLVM then goes
from number to number, each waiting for the one before, or stores numbers one by one that it loads as a vector next,
which waits for all of them. Here such steps are written out; the order of every sum is the same on all machines.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

SIXTEEN = 16
_VECTOR = ir.VectorType(ir.DoubleType(), SIXTEEN)
_WHOLE = ir.IntType(32)


def _pointer(context, builder, kind, array, place, item):
    """Pointer to ``item`` at a place in an array that is contiguous."""
    data = context.make_array(kind)(context, builder, value=array).data
    return builder.bitcast(builder.gep(data, [place]), item.as_pointer())


def _places(context, builder, signature, arguments, which):
    return [context.cast(builder, arguments[k], signature.args[k], types.int64) for k in which]


def _mask(numbers):
    return ir.Constant(ir.VectorType(_WHOLE, len(numbers)), list(numbers))


def _part(builder, vector, numbers):
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), _mask(numbers))


def _folded(builder, vector, together):
    """One number from a vector: its halves together, and again."""
    size = SIXTEEN
    while size > 1:
        size //= 2
        low, high = (_part(builder, vector, range(first, first + size)) for first in (0, size))
        vector = together(low, high)
    return builder.extract_element(vector, ir.Constant(_WHOLE, 0))


def _joined(builder, parts):
    """Vectors one after the other, as one."""
    while len(parts) > 1:
        size = 2 * parts[0].type.count
        parts = [builder.shuffle_vector(a, b, _mask(range(size))) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


if numba.config.DISABLE_JIT:

    def sum_of(values, first):
        """Sum of sixteen neighbours in an array (numbers,) from ``first`` on."""
        part = np.array(values[first : first + SIXTEEN])
        while part.size > 1:
            part = part[: part.size // 2] + part[part.size // 2 :]
        return part[0]

    def largest_of(values, first):
        """Largest of sixteen neighbours in an array (numbers,) from ``first`` on; none may be NaN."""
        return values[first : first + SIXTEEN].max()

    def look_up(table, step, values, entry, first, second):
        """What a contiguous table holds at ``step`` times each of sixteen entries, and right after it.

        Entries are the whole parts of the numbers >= 0 from ``entry`` on in ``values`` (numbers,); what is found goes
        there too, from ``first`` and from ``second`` on.
        """
        flat = table.reshape(-1)
        for s in range(SIXTEEN):
            k = step * int(values[entry + s])
            values[first + s], values[second + s] = flat[k], flat[k + 1]

else:

    @intrinsic
    def sum_of(typing_context, values, first):
        """Sum of sixteen neighbours in an array (numbers,) from ``first`` on."""

        def generate(context, builder, signature, arguments):
            (place,) = _places(context, builder, signature, arguments, [1])
            found = builder.load(_pointer(context, builder, values, arguments[0], place, _VECTOR), align=8)
            return _folded(builder, found, builder.fadd)

        return types.float64(values, first), generate

    @intrinsic
    def largest_of(typing_context, values, first):
        """Largest of sixteen neighbours in an array (numbers,) from ``first`` on; none may be NaN."""

        def generate(context, builder, signature, arguments):
            (place,) = _places(context, builder, signature, arguments, [1])
            found = builder.load(_pointer(context, builder, values, arguments[0], place, _VECTOR), align=8)
            return _folded(builder, found, lambda a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b))

        return types.float64(values, first), generate

    @intrinsic
    def look_up(typing_context, table, step, values, entry, first, second):
        """What a contiguous table holds at ``step`` times each of sixteen entries, and right after it.

        Entries are the whole parts of the numbers >= 0 from ``entry`` on in ``values`` (numbers,); what is found goes
        there too, from ``first`` and from ``second`` on.
        """
        pair = ir.VectorType(ir.DoubleType(), 2)

        def generate(context, builder, signature, arguments):
            step, *places = _places(context, builder, signature, arguments, [1, 3, 4, 5])
            entries, *rows = (_pointer(context, builder, values, arguments[2], place, _VECTOR) for place in places)
            whole = builder.fptosi(builder.load(entries, align=8), ir.VectorType(_WHOLE, SIXTEEN))
            found = []
            for s in range(SIXTEEN):
                k = builder.zext(builder.extract_element(whole, ir.Constant(_WHOLE, s)), ir.IntType(64))
                at = _pointer(context, builder, table, arguments[0], builder.mul(k, step), pair)
                found.append(builder.load(at, align=8))
            both = _joined(builder, found)
            for row, column in zip(rows, (0, 1), strict=True):
                builder.store(_part(builder, both, range(column, 2 * SIXTEEN, 2)), row, align=8)
            return context.get_dummy_value()

        return types.none(table, step, values, entry, first, second), generate

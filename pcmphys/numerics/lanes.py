"""Eight numbers side by side, as one value: a recursion for eight inputs at once.

A recursion along a line waits for its last step each time, and no compiler may change the order. Eight recursions that
do not know of each other are one on such values: vector code of whatever width the machine has. Each of the eight gets
the bits that it would get alone. In a kernel they add, subtract and multiply, by each other and by numbers:

    x = load(voltage, j)          # row j of an array (rows, 8)
    store(g * x + y, j, out)

Run as plain Python they are arrays of eight.
"""

from __future__ import annotations

import operator

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic, overload

LANES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_BITS = ir.VectorType(ir.IntType(64), LANES)


class _EightFloats(types.Type):
    def __init__(self):
        super().__init__(name="EightFloats")


_EIGHT = _EightFloats()


@register_default(_EightFloats)
class _EightFloatsModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _VECTOR)


def _place(context, builder, kind, array, row):
    """Pointer to row ``row`` of an array (rows, 8)."""
    view = context.make_array(kind)(context, builder, value=array)
    first = builder.bitcast(view.data, ir.IntType(8).as_pointer())
    offset = builder.mul(row, ir.Constant(ir.IntType(64), 8 * LANES))
    return builder.bitcast(builder.gep(first, [offset]), _VECTOR.as_pointer())


def _addresses(context, builder, kind, array, first, last, offset):
    """Pointers to ``offset`` along the last axis of rows first, first + 1 ... of an array, none beyond ``last``.

    Of an array with one axis, to its numbers themselves.
    """
    view = context.make_array(kind)(context, builder, value=array)
    size = ir.Constant(ir.IntType(64), 8)
    strides = cgutils.unpack_tuple(builder, view.strides, kind.ndim)
    start = builder.bitcast(view.data, ir.IntType(8).as_pointer())
    if offset is not None:
        start = builder.gep(start, [builder.mul(offset, size)])
    for k in range(LANES):
        row = builder.add(first, ir.Constant(ir.IntType(64), k))
        row = builder.select(builder.icmp_signed("<", row, last), row, last)
        yield builder.bitcast(builder.gep(start, [builder.mul(row, strides[0])]), ir.DoubleType().as_pointer())


def _gathered(builder, addresses):
    found = ir.Constant(_VECTOR, ir.Undefined)
    for k, address in enumerate(addresses):
        found = builder.insert_element(found, builder.load(address), ir.Constant(ir.IntType(32), k))
    return found


def _whole(context, builder, signature, arguments, places):
    return [context.cast(builder, arguments[k], signature.args[k], types.int64) for k in places]


def _spread(builder, number):
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    nowhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, undefined, nowhere)


def _operation(name):
    @intrinsic
    def operation(typing_context, x, y):
        def generate(context, builder, signature, arguments):
            sides = (
                side if kind == _EIGHT else _spread(builder, context.cast(builder, side, kind, types.float64))
                for kind, side in zip(signature.args, arguments, strict=True)
            )
            return getattr(builder, name)(*sides)

        return _EIGHT(x, y), generate

    return operation


def _write(symbol, name: str) -> None:
    operation = _operation(name)

    @overload(symbol)
    def typed(x, y):
        kinds = x, y
        if _EIGHT in kinds and all(kind == _EIGHT or isinstance(kind, types.Number) for kind in kinds):
            return lambda x, y: operation(x, y)
        return None


if numba.config.DISABLE_JIT:

    def load(values, row):
        """Row ``row`` of an array (rows, 8)."""
        return values[row].copy()

    def store(x, row, out):
        """Put eight numbers into row ``row`` of an array (rows, 8)."""
        out[row] = x

    def everywhere(number):
        """The same number eight times."""
        return np.full(LANES, number)

    def spread(numbers, place):
        """One of the numbers in an array (numbers,), zero or more places on, eight times."""
        return np.full(LANES, numbers[place])

    def neighbours(values, first, last):
        """Eight neighbours in an array (numbers,) from ``first`` on; beyond ``last``, that one again."""
        return values[np.minimum(np.arange(first, first + LANES), last)]

    def eight(values, first):
        """Eight neighbours in an array (numbers,) of single or double precision, all of which it has."""
        return np.array(values[first : first + LANES], dtype=np.float64)

    def total(x):
        """Sum of eight numbers: the upper half onto the lower one, until one is left."""
        four = x[:4] + x[4:]
        return (four[0] + four[2]) + (four[1] + four[3])

    def down(values, first, last, column):
        """The same down a column of an array (rows, columns) that is contiguous along its rows."""
        return values[np.minimum(np.arange(first, first + LANES), last), column]

    def store_down(x, column, out):
        """Put eight numbers down a column of an array (8 or more, columns)."""
        out[:LANES, column] = x

    def larger_of(worst, difference):
        """Larger magnitudes, the first being magnitudes already; a NaN comes through, and stays."""
        size = np.abs(difference)
        return np.where((size > worst) | (size != size), size, worst)

else:
    for _symbol, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
        _write(_symbol, _name)

    @intrinsic
    def load(typing_context, values, row):
        """Row ``row`` of an array (rows, 8)."""

        def generate(context, builder, signature, arguments):
            row = context.cast(builder, arguments[1], signature.args[1], types.int64)
            return builder.load(_place(context, builder, signature.args[0], arguments[0], row), align=8)

        return _EIGHT(values, row), generate

    @intrinsic
    def store(typing_context, x, row, out):
        """Put eight numbers into row ``row`` of an array (rows, 8)."""

        def generate(context, builder, signature, arguments):
            row = context.cast(builder, arguments[1], signature.args[1], types.int64)
            builder.store(arguments[0], _place(context, builder, signature.args[2], arguments[2], row), align=8)
            return context.get_dummy_value()

        return types.none(x, row, out), generate

    @intrinsic
    def everywhere(typing_context, number):
        """The same number eight times."""

        def generate(context, builder, signature, arguments):
            return _spread(builder, context.cast(builder, arguments[0], signature.args[0], types.float64))

        return _EIGHT(number), generate

    @intrinsic
    def spread(typing_context, numbers, place):
        """One of the numbers in an array (numbers,), zero or more places on, eight times."""

        def generate(context, builder, signature, arguments):
            # unlike everywhere(numbers[place]), it does not ask whether the place counts from the end
            place = context.cast(builder, arguments[1], signature.args[1], types.int64)
            view = context.make_array(signature.args[0])(context, builder, value=arguments[0])
            return _spread(builder, builder.load(builder.gep(view.data, [place])))

        return _EIGHT(numbers, place), generate

    @intrinsic
    def neighbours(typing_context, values, first, last):
        """Eight neighbours in an array (numbers,) from ``first`` on; beyond ``last``, that one again."""

        def generate(context, builder, signature, arguments):
            first, last = _whole(context, builder, signature, arguments, (1, 2))
            places = _addresses(context, builder, signature.args[0], arguments[0], first, last, None)
            return _gathered(builder, places)

        return _EIGHT(values, first, last), generate

    @intrinsic
    def eight(typing_context, values, first):
        """Eight neighbours in an array (numbers,) of single or double precision, all of which it has."""

        def generate(context, builder, signature, arguments):
            kind = signature.args[0]
            view = context.make_array(kind)(context, builder, value=arguments[0])
            (first,) = _whole(context, builder, signature, arguments, (1,))
            own = ir.FloatType() if kind.dtype == types.float32 else ir.DoubleType()
            place = builder.bitcast(builder.gep(view.data, [first]), ir.VectorType(own, LANES).as_pointer())
            found = builder.load(place, align=4)
            return builder.fpext(found, _VECTOR) if kind.dtype == types.float32 else found

        return _EIGHT(values, first), generate

    @intrinsic
    def total(typing_context, x):
        """Sum of eight numbers: the upper half onto the lower one, until one is left."""

        def generate(context, builder, signature, arguments):
            left, width = arguments[0], LANES
            while width > 1:
                width //= 2
                halves = [
                    ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(k, k + width))) for k in (0, width)
                ]
                undefined = ir.Constant(left.type, ir.Undefined)
                left = builder.fadd(*(builder.shuffle_vector(left, undefined, half) for half in halves))
            return builder.extract_element(left, ir.Constant(ir.IntType(32), 0))

        return types.float64(x), generate

    @intrinsic
    def down(typing_context, values, first, last, column):
        """The same down a column of an array (rows, columns) that is contiguous along its rows."""

        def generate(context, builder, signature, arguments):
            first, last, column = _whole(context, builder, signature, arguments, (1, 2, 3))
            places = _addresses(context, builder, signature.args[0], arguments[0], first, last, column)
            return _gathered(builder, places)

        return _EIGHT(values, first, last, column), generate

    @intrinsic
    def store_down(typing_context, x, column, out):
        """Put eight numbers down a column of an array (8 or more, columns)."""

        def generate(context, builder, signature, arguments):
            (column,) = _whole(context, builder, signature, arguments, (1,))
            zero, last = (ir.Constant(ir.IntType(64), k) for k in (0, LANES - 1))
            places = _addresses(context, builder, signature.args[2], arguments[2], zero, last, column)
            for k, place in enumerate(places):
                builder.store(builder.extract_element(arguments[0], ir.Constant(ir.IntType(32), k)), place)
            return context.get_dummy_value()

        return types.none(x, column, out), generate

    @intrinsic
    def larger_of(typing_context, worst, difference):
        """Larger magnitudes, the first being magnitudes already; a NaN comes through, and stays."""

        def generate(context, builder, signature, arguments):
            worst, difference = arguments
            # a magnitude is the number without its sign bit; as whole numbers magnitudes have the same order, and what
            # is not a number lies above infinity
            size = builder.and_(builder.bitcast(difference, _BITS), ir.Constant(_BITS, [2**63 - 1] * LANES))
            before = builder.bitcast(worst, _BITS)
            return builder.bitcast(builder.select(builder.icmp_signed(">", size, before), size, before), _VECTOR)

        return _EIGHT(worst, difference), generate

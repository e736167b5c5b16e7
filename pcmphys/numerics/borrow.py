"""Arrays without reference counts, for the inside of kernels.

Numba counts the references of every array that a law is given or a view is taken of, by an atomic operation each, and
cannot always prove that the pairs cancel: in a pulse that was half of the time. What `borrowed` returns refers to the
same memory without an owner, so that there is nothing to count.
"""

from __future__ import annotations

import numba
from numba.core import cgutils, types
from numba.extending import intrinsic


def _without_owner(context, builder, kind, value):
    if isinstance(kind, types.Array):
        view = context.make_array(kind)(context, builder, value=value)
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()
    if isinstance(kind, types.BaseTuple):
        for place, member in enumerate(kind.types):
            part = _without_owner(context, builder, member, builder.extract_value(value, place))
            value = builder.insert_value(value, part, place)
    return value


if numba.config.DISABLE_JIT:

    def borrowed(arrays):
        """The same arrays."""
        return arrays

    def kept(arrays):
        """Do nothing."""

else:

    @intrinsic
    def borrowed(typing_context, arrays):
        """The same arrays (one, or any tuple of them) without reference counts.

        The caller keeps the memory alive: to be used on a kernel's arguments, or on memory that is `kept` to its end.
        """

        def generate(context, builder, signature, arguments):
            return _without_owner(context, builder, arrays, arguments[0])

        return arrays(arrays), generate

    @intrinsic
    def kept(typing_context, arrays):
        """Do nothing: named at a kernel's end, memory is alive up to there."""

        def generate(context, builder, signature, arguments):
            return context.get_dummy_value()

        return types.none(arrays), generate

"""Laws and kernels without the compiler, for ``NUMBA_DISABLE_JIT=1``: under a debugger, or to see which lines run.

Numbers then behave as compiled ones do: a float divides by zero and overflows without an exception, what is stored in
32 bits counts as 64 bits once it is read, and what comes out is a Python number. A thousand times slower.
"""

from __future__ import annotations

import functools
import math
import threading
import types
from collections.abc import Callable

import numpy as np

_here = threading.local()

# of Python's own functions these raise where a compiled one gives infinity or NaN
_NAMES = ("exp", "expm1", "log", "log1p", "log10", "sqrt", "sinh", "cosh", "copysign")
_QUIET = {name: getattr(np, name) for name in _NAMES}
_math = types.SimpleNamespace(**{**vars(math), **_QUIET})


class _Wide(np.ndarray):
    """An array of small numbers, each of which is read as a large one."""

    def __getitem__(self, place):
        found = super().__getitem__(place)
        if isinstance(found, np.float32):
            return np.float64(found)
        return int(found) if isinstance(found, np.uint8) else found


def interpreted(function: Callable) -> Callable:
    """A law or kernel as plain Python."""
    if function.__globals__.get("math") is math:
        function.__globals__["math"] = _math

    @functools.wraps(function)
    def call(*arguments, **keywords):
        if getattr(_here, "inside", False):
            return function(*arguments, **keywords)
        _here.inside = True
        try:
            with np.errstate(all="ignore"):
                found = function(*map(_wide, arguments), **{name: _wide(value) for name, value in keywords.items()})
        finally:
            _here.inside = False
        return _narrow(found)

    return call


def _wide(value):
    """An argument as compiled code takes it: numbers of 64 bits."""
    if isinstance(value, float):
        return np.float64(value)
    if isinstance(value, np.ndarray):
        return value.view(_Wide) if value.dtype in (np.float32, np.uint8) else value
    if isinstance(value, tuple):
        return _like(value, map(_wide, value))
    return value


def _narrow(value):
    """A result as compiled code gives it: Python's numbers."""
    if isinstance(value, tuple):
        return _like(value, map(_narrow, value))
    return value.item() if isinstance(value, np.generic) else value


def _like(value, parts):
    """A tuple of the same kind."""
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)

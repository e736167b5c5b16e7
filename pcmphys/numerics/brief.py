"""Short texts for things that hold arrays: their shape and range instead of their numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


def brief(value: Any) -> str:
    """An array as its shape and range, anything else as it is.

    Examples
    --------
    >>> brief(np.array([[1.0, 2.5]])), brief(2.5)
    ('<1 x 2, 1 to 2.5>', '2.5')
    """
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return repr(value.item() if isinstance(value, (np.ndarray, np.generic)) else value)
    shape = " x ".join(map(str, value.shape))
    if value.dtype == bool:
        return f"<{shape}, {int(value.sum())} true>"
    known = value[~np.isnan(value)]
    if known.size == 0:
        return f"<{shape}>"
    missing = f", {value.size - known.size} NaN" if known.size < value.size else ""
    return f"<{shape}, {known.min():.4g} to {known.max():.4g}{missing}>"


def fields(self: Any) -> str:
    """``__repr__`` of a dataclass with arrays: all fields, arrays in brief."""
    named = (f"{field.name}={brief(getattr(self, field.name))}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__name__}({', '.join(named)})"

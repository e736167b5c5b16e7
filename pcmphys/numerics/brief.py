"""Short texts for things that hold arrays: their shape and range instead of their numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

_LINE, _PART, _NUMBER = 150, 60, 9
"""Characters of a line, of one of its parts, and of a number with all its digits."""


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
    """``__repr__`` of a dataclass with arrays: all fields, arrays in brief, numbers to six digits."""
    return called(self, {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.repr})


def attributes(self: Any) -> str:
    """``__repr__`` of any other class: what it was given."""
    return called(self, {name: value for name, value in vars(self).items() if not name.startswith("_")})


def called(self: Any, parts: Mapping[str, Any]) -> str:
    """Name of the class and what is in it, on one line; what is too much for it is left out.

    Examples
    --------
    >>> from fractions import Fraction
    >>> called(Fraction(1, 3), {"value": 1 / 3, "digits": tuple(range(99))})
    'Fraction(value=0.333333, digits=(0, 1, 2, 3, 4, 5, 6, 7, 8, 9,...)'
    """
    named: list[str] = []
    for name, value in parts.items():
        text = brief(value).replace("\n", " ")
        if isinstance(value, float) and len(text) > _NUMBER:
            text = f"{value:.6g}"
        named.append(f"{name}={text if len(text) <= _PART else text[: _PART - 3] + '...'}")
        if sum(map(len, named)) > _LINE:
            named[-1] = "..."
            break
    return f"{type(self).__name__}({', '.join(named)})"

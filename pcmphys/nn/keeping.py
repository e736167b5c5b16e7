"""The state of devices as plain numbers, and back into devices of the same make.

Populations are objects of arrays, numbers, and small tuples of them; which, is each kind's own affair. Their state is
written by walking through it, and read by walking through fresh devices that say what stands where: a file holds
numbers, never a class.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
_MADE_ANEW = ("cell", "parameters", "rule", "around", "_blocks")
"""Attributes that fresh devices have already, and that a file must not change."""


def packed(value: Any, place: str, arrays: Arrays) -> Any:
    """What JSON can hold of a value; its arrays go to ``arrays``, by place.

    Raises
    ------
    TypeError
        Something that is no number, text, array or collection of them.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError(f"{place} is an array of objects")
        arrays[place] = value
        return {"array": place}
    if isinstance(value, (list, tuple)):
        return [packed(part, f"{place}/{k}", arrays) for k, part in enumerate(value)]
    parts = vars(value) if hasattr(value, "__dict__") else None
    if parts is None:
        raise TypeError(f"{place} is a {type(value).__name__}, which cannot be kept in a file")
    return {name: packed(part, f"{place}/{name}", arrays) for name, part in parts.items() if name not in _MADE_ANEW}


def unpacked(text: Any, like: Any, place: str, arrays: Arrays) -> Any:
    """The value again; ``like`` is a fresh one of the same make, whose parts are replaced.

    Raises
    ------
    ValueError
        It is of another make, or what should be numbers are none (NaN).
    """
    if isinstance(text, dict) and text == {"array": place}:
        return _like(arrays[place], like, place)
    if isinstance(text, list):
        return _collection(text, like, place, arrays)
    if not isinstance(text, dict):
        if text != text and like == like:
            raise ValueError(f"{place} is nan")
        return type(like)(text) if isinstance(like, np.generic) else text
    own = vars(like)
    if {*own} - {*_MADE_ANEW} != {*text}:
        raise ValueError(f"{place} holds other parts: {', '.join(sorted({*own} ^ {*text} - {*_MADE_ANEW}))}")
    for name, part in text.items():
        object.__setattr__(like, name, unpacked(part, own[name], f"{place}/{name}", arrays))
    return like


def _collection(text: list[Any], like: Any, place: str, arrays: Arrays) -> Any:
    if isinstance(like, tuple) and hasattr(like, "_make"):
        if len(text) != len(like):
            raise ValueError(f"{place} holds {len(text)} parts, not {len(like)}")
        parts = zip(text, like, strict=True)
        return type(like)._make(unpacked(part, old, f"{place}/{k}", arrays) for k, (part, old) in enumerate(parts))
    if isinstance(like, (list, tuple)):
        # as long as the devices' history has made it: what the first one is, all are
        example = [*like, *([like[0]] * (len(text) - len(like)) if len(like) else [None] * len(text))]
        return type(like)(unpacked(part, example[k], f"{place}/{k}", arrays) for k, part in enumerate(text))
    raise ValueError(f"{place} is no list")


def _like(found: np.ndarray, like: Any, place: str) -> np.ndarray:
    if isinstance(like, np.ndarray) and (found.dtype, found.shape) != (like.dtype, like.shape):
        raise ValueError(f"{place} is {found.dtype} of shape {found.shape}, not {like.dtype} of shape {like.shape}")
    if found.dtype.kind == "f" and (wrong := np.isnan(found)).any() and not (_numbers(like) and np.isnan(like).any()):
        raise ValueError(f"{place} holds {int(wrong.sum())} values of {found.size} that are nan")
    return found


def _numbers(like: Any) -> bool:
    return isinstance(like, np.ndarray) and like.dtype.kind == "f"

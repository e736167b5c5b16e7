"""What pydantic finds wrong, in words of people who write parameter and study files."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

_WORDS = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "missing": "is missing",
    "finite_number": "must be a finite number",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must hold at least {min_length}",
    "too_long": "must hold at most {max_length}",
    "literal_error": "must be {expected}",
}
_ELEMENTS = {str: "text", float: "numbers", int: "whole numbers", bool: "true and false"}
_LONGEST = 100


def explained(error: Any) -> str:
    """What a value must be, from one of the ``errors()`` of pydantic's ``ValidationError``."""
    words = _WORDS.get(error["type"])
    if words is None:
        return error["msg"].removeprefix("Value error, ")
    context = {key: f"{v:g}" if isinstance(v, float) else v for key, v in error.get("ctx", {}).items()}
    return words.format(**context)


def list_of(annotation: Any) -> str | None:
    """What a field of type ``tuple[..., ...]`` is a list of, in words; None for other fields.

    Examples
    --------
    >>> list_of(tuple[float, ...]), list_of(float)
    ('numbers', None)
    """
    for kind in _alternatives(annotation):
        if get_origin(kind) is tuple:
            (element, *_) = (*_alternatives(get_args(kind)[0]), str)
            return _ELEMENTS.get(element, "values")
    return None


def _alternatives(annotation) -> list:
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [kind for part in get_args(annotation) for kind in _alternatives(part)]
    return [annotation]


def shown(value: Any) -> str:
    """``repr`` of a value, of bearable length."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # whole numbers of thousands of digits, endless nesting
        return f"a very large {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

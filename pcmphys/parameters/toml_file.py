"""TOML as people's editors write it: the one reader of parameter files and study files."""

from __future__ import annotations

import tomllib
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics.files import decoded

_DEEPEST = 16
"""Levels of nesting; no file of ours has more than five."""
_LARGEST = 2**63
"""Whole numbers of TOML have 64 bits."""


def read_toml(source: Any, name: str) -> dict[str, Any]:
    """Content of a TOML file in UTF-8 or UTF-16, with or without a byte-order mark.

    Parameters
    ----------
    source : Path or importlib resource
    name : str
        What messages call it.

    Raises
    ------
    OSError
        It cannot be read.
    ParameterError
        It is not TOML, or holds what no file of ours does: deep nesting, whole numbers beyond 64 bits.
    """
    raw = source.read_bytes()
    try:
        content = tomllib.loads(decoded(raw))
    except RecursionError:
        raise ParameterError(f"{name}: nested too deeply; expected at most {_DEEPEST} levels") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"{name}: not valid TOML: {error}") from None
    except ValueError:  # Python does not convert thousands of digits
        raise ParameterError(f"{name}: a whole number is too long; TOML's have 64 bits") from None
    _check_size(name, content)
    return content


def _check_size(name: str, content: dict[str, Any]) -> None:
    waiting: list[tuple[str, Any, int]] = [("", content, 0)]
    while waiting:  # not by recursion, which is what deep nesting breaks
        path, value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise ParameterError(f"{name}: {path[:60]}...: nested too deeply; expected at most {_DEEPEST} levels")
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}" if path else key, inner, depth + 1) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(path, inner, depth + 1) for inner in value]
        elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
            raise ParameterError(f"{name}: {path}: whole numbers have at most 64 bits; write a larger one like 1e20")

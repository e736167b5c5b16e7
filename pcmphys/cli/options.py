"""Commands with many options: one frozen dataclass is both their command line and what they get."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from pathlib import Path

from pcmphys.errors import ParameterError


def one_object(options: type) -> Callable:
    """Let a command take one object of a dataclass; its fields, with typer's annotations, are the command line.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: float
    ...     y: float = 0.0
    >>> @one_object(Point)
    ... def show(point):
    ...     print(point)
    >>> show(x=1.0)
    Point(x=1.0, y=0.0)
    >>> list(inspect.signature(show).parameters)
    ['x', 'y']
    """
    hints = typing.get_type_hints(options, include_extras=True)
    fields = [part.replace(annotation=hints[part.name]) for part in inspect.signature(options).parameters.values()]

    def decorate(command: Callable) -> Callable:
        @functools.wraps(command)
        def with_fields(**given):
            return command(options(**given))

        with_fields.__signature__ = inspect.Signature(fields)
        with_fields.__annotations__ = {part.name: part.annotation for part in fields}
        return with_fields

    return decorate


def check_new(option: str, path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file that nobody said to replace."""
    if path.exists() and not overwrite:
        raise ParameterError(f"{option}: {path} is there already; --overwrite replaces it")

"""Names of a package that are loaded when they are first used (PEP 562), so that importing it costs nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any


def attach(
    package: str, homes: dict[str, str], rooms: tuple[str, ...] = (), renamed: dict[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        Its name.
    homes : dict
        The names it offers, separated by blanks, for each module that defines them.
    rooms : tuple of str
        Its own modules that are names of it, too.
    renamed : dict, optional
        Names that it had, and what each is called now: an error says so.
    """
    home_of = {name: module for module, names in homes.items() for name in names.split()}

    def __getattr__(name: str) -> Any:
        if name in rooms:
            return importlib.import_module(f"{package}.{name}")
        if name not in home_of:
            now = f"; it is {package}.{renamed[name]} now" if renamed and name in renamed else ""
            raise AttributeError(f"module {package!r} has no attribute {name!r}{now}")
        value = getattr(importlib.import_module(home_of[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*(name for name in vars(sys.modules[package]) if name.startswith("__")), *home_of, *rooms})

    return __getattr__, __dir__

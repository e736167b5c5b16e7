"""Warnings that point at the line of the user's that led to them, however deep in the package it is noticed."""

from __future__ import annotations

import sys
import warnings

from pcmphys.errors import ValidityWarning

_NOT_THE_USERS = ("pcmphys", "torch")


def warn(text: str, category: type[Warning] = ValidityWarning) -> None:
    """Give a warning at the nearest line outside of the package, and of PyTorch, which calls layers."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in _NOT_THE_USERS:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)

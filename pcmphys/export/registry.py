"""All targets that level statistics are written for; a new one is a line here, or an entry point of another package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pcmphys.export.aihwkit import aihwkit
from pcmphys.export.crosssim import crosssim
from pcmphys.export.tables import tables
from pcmphys.numerics.doors import Kinds


def _complaint(name: str, target: object) -> str | None:
    return None if callable(target) else f"expected a function of (statistics, folder); got {type(target).__name__}"


TARGETS: Kinds[Callable[..., Any]] = Kinds(
    "pcmphys.exports", {"aihwkit": aihwkit, "crosssim": crosssim, "tables": tables}, _complaint
)
"""Functions of (`LevelStatistics`, folder, ``overwrite=``) that write a folder and return what says so (`summary`).

A package of your own adds one by ``[project.entry-points."pcmphys.exports"]``, ``name = "my_package:write"``;
``pcmphys export other CELL NAME --out FOLDER`` then runs it.
"""

"""A kind of cell: the numbers that its parameter files hold, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CellKind:
    """One kind of cell. A package of your own adds one by an entry point of the group ``pcmphys.cells``::

        [project.entry-points."pcmphys.cells"]
        my-model = "my_package:KIND"          # the value of ``model`` in parameter files
        [project.entry-points."pcmphys.technologies"]
        my-package = "my_package.parameters"  # a package in which its parameter files (.toml, .bib) lie

    Attributes
    ----------
    parameters : type
        Dataclass of numbers, or of tables of them. Each field carries ``unit`` and, where it applies, its range, see
        `pcmphys.parameters.fill`.
    cell : callable
        Makes the cell (`pcmphys.cells.protocol.Cell`) from the filled parameters and the technology that they are of.
    """

    parameters: type
    cell: Callable[[Any, Any], Any]

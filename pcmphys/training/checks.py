"""Checks of what users ask of a matrix that is trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.response import mean_steps
from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import Periphery
from pcmphys.numerics import check

_LOOKS = 65
"""Weights at which the steps of a typical device are looked at."""
_LARGEST = 1e100
"""Largest input or gradient: products of two, and sums of many, are still numbers."""


def checked_cell(name: str, cell: Any) -> PulsedCell:
    """A cell that is trained in place."""
    if not isinstance(cell, PulsedCell):
        raise ParameterError(
            f"{name} must be a cell that is trained in place, such as pcmphys.load_cell('rram-gong2018'); got "
            f"{getattr(cell, 'name', None) or type(cell).__name__!s} of kind {type(cell).__name__}"
        )
    return cell


def require_both_directions(cell: PulsedCell, rule: str) -> None:
    """Refuse devices that can only be pulsed up, or whose steps of a direction are nothing at all weights."""
    if cell.one_sided:
        raise ParameterError(
            f"rule {rule} needs devices that can be pulsed up and down; those of {cell.name} can only be pulsed up: "
            "OneSided trains pairs of them"
        )
    window = cell.parameters.window
    steps = mean_steps(cell.parameters, np.linspace(window.weight_minimum, window.weight_maximum, _LOOKS))
    for name, size in zip(("up", "down"), steps.max(axis=1), strict=True):
        if not size > 0.0:
            raise ParameterError(
                f"rule {rule} needs devices that can be pulsed up and down; a typical one of {cell.name} has no step "
                f"{name} at any weight"
            )


def require_reset(cell: PulsedCell, rule: str) -> None:
    """Refuse devices that have no RESET."""
    if cell.parameters.reset is None:
        raise ParameterError(f"rule {rule} needs devices that can be RESET; those of {cell.name} have none")


def checked_lines(name: str, given: Any, lines: int) -> tuple[np.ndarray, bool]:
    """Inputs or errors as (batch, lines), and whether it was one vector."""
    if type(given) is np.ndarray and given.dtype == np.float64 and given.flags.c_contiguous and given.ndim in (1, 2):
        # a sum of squares below the bound's has nothing in it that is not finite or too large; others are looked at
        flat = given.reshape(-1)
        with np.errstate(over="ignore", invalid="ignore"):
            small = flat.dot(flat) < _LARGEST**2
        found = given if small else check.array(name, given, "", -_LARGEST, _LARGEST, empty=True)
    else:
        found = check.array(name, given, "", -_LARGEST, _LARGEST, ndim=(1, 2), empty=True)
    if found.shape[-1] != lines:
        raise ParameterError(f"{name} must have shape ({lines},) or (batch, {lines}); got shape {found.shape}")
    return (found[None], True) if found.ndim == 1 else (found, False)


def checked_shape(shape: Any) -> tuple[int, int]:
    """Two whole numbers above zero."""
    found = check.shape("shape", shape)
    if len(found) != 2 or min(found) < 1:
        raise ParameterError(f"shape must be (inputs, outputs), both at least 1; got {shape!r}")
    return found[0], found[1]


def checked_tile(tile: Any) -> tuple[int, int]:
    """Largest size of a tile."""
    found = check.shape("tile", tile)
    if len(found) != 2 or min(found) < 1:
        raise ParameterError(f"tile must be (word lines, bit lines), both at least 1; got {tile!r}")
    return found[0], found[1]


def check_around(wires: Any, periphery: Any) -> None:
    """Refuse what is no wires or no converters."""
    if not isinstance(wires, Wires):
        raise ParameterError(f"wires must be a Wires, such as Wires(row=1.0, column=1.0); got {type(wires).__name__}")
    if not isinstance(periphery, Periphery):
        raise ParameterError(f"periphery must be a Periphery; got {type(periphery).__name__}")

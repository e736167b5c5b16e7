"""Checks of what users give a crossbar."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.crossbar.bias import Bias, Selection
from pcmphys.crossbar.problem import most_iterations
from pcmphys.crossbar.selectors import Selector
from pcmphys.crossbar.wires import Wires
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn

_LARGEST = 1.0
"""Conductance [S] that no cell has."""


def kinds(wires: Wires | None, selector: Selector | None) -> None:
    """Refuse what is no wires or selector; None is."""
    if selector is not None and not isinstance(selector, Selector):
        raise ParameterError(
            "selector must be None or a Selector (Diode, Exponential, Transistor, OTS, or a subclass of your own); "
            f"got {selector!r}"
        )
    if wires is not None and not isinstance(wires, Wires):
        raise ParameterError(f"wires must be a Wires, such as Wires(row=1.0, column=1.0); got {type(wires).__name__}")


def conductances(cells: Any) -> np.ndarray:
    """Conductances [S] at crossings, always a copy: what the caller does to the array later must not reach it."""
    lines = getattr(cells, "dims", None)
    if lines is not None and tuple(lines) == ("column", "row"):
        raise ParameterError("cells: its dimensions are (column, row), an array's (row, column): cells.T is meant")
    values = np.array(check.array("cells", cells, "S", 0.0, ndim=2))
    if values.size and values.max() > _LARGEST:
        warn(f"cells: conductances up to {values.max():g} S: is the unit right? 25 uS is 25e-6")
    return values


def array_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Shape of a population that can stand at crossings."""
    if len(shape) != 2 or not all(shape):
        raise ParameterError(f"cells must be a population of shape (rows, columns); got shape {shape}")
    return shape[0], shape[1]


def sized(bias: Bias, shape: tuple[int, int], selector: Selector | None) -> Bias:
    """A bias with a voltage for every line of an array; gates only where there are any."""
    if not isinstance(bias, (Bias, Selection)):
        raise ParameterError(f"bias must be a Bias (for example Bias.matvec(v)); got {type(bias).__name__}")
    bias = bias.sized(*shape)
    if bias.gate is not None and not (selector is not None and selector.gated):
        raise ParameterError(f"bias: there is a gate voltage, but the selector ({selector!r}) has no gate")
    return bias


def one_input(bias: Bias, shape: tuple[int, int], selector: Selector | None, why: str) -> Bias:
    """The same, of one input."""
    bias = sized(bias, shape, selector)
    if bias.batch is not None:
        raise ParameterError(f"bias: {why}; got a batch of {bias.batch}")
    return bias


def limits(tolerance: float, max_iterations: int | None, shape: tuple[int, int], linear: bool) -> tuple[float, int]:
    """Tolerance and most iterations of a solve."""
    if max_iterations is None:
        max_iterations = most_iterations(*shape) * (1 if linear else 10)
    tolerance = check.number("tolerance", tolerance, "", 1e-14, 1e-2)
    return tolerance, check.integer("max_iterations", max_iterations, 1)

"""What a matrix is made of, checked before any device is made."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar import Selector, Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix.mapping import Mapping
from pcmphys.matrix.periphery import Periphery
from pcmphys.numerics import check

_LARGEST_WEIGHT, _SMALLEST_WEIGHT = 1e290, 1e-290
"""Between these the largest weight must lie: far enough from the ends of float64 for conductances and products."""


def checked_weights(weights: ArrayLike) -> np.ndarray:
    """Own, read-only array of weights whose largest magnitude is neither beyond float64 nor lost in its last digits."""
    found = check.array("weights", weights, "", -_LARGEST_WEIGHT, _LARGEST_WEIGHT, ndim=2).copy()
    largest = np.abs(found).max()
    if 0.0 < largest < _SMALLEST_WEIGHT:
        raise ParameterError(f"weights: the largest magnitude must be at least {_SMALLEST_WEIGHT:g}; got {largest:g}")
    found.flags.writeable = False
    return found


def check_kinds(cell: Any, mapping: object, wires: object, periphery: object) -> None:
    """Refuse what is no cell, mapping, wires or periphery; None is, but for the cell."""
    if wires is not None and not isinstance(wires, Wires):
        raise ParameterError(f"wires must be a Wires, such as Wires(row=1.0, column=1.0); got {type(wires).__name__}")
    if periphery is not None and not isinstance(periphery, Periphery):
        raise ParameterError(f"periphery must be a Periphery; got {type(periphery).__name__}")
    if not callable(getattr(cell, "population", None)):
        named = f": write load_cell({cell!r})" if isinstance(cell, str) else ""
        raise ParameterError(f"cell must be a cell as load_cell gives it; got {cell!r}{named}")
    if mapping is not None and not isinstance(mapping, Mapping):
        raise ParameterError(f"mapping must be a Mapping, for example DifferentialPair(); got {mapping!r}")


def checked_tile(tile: Any) -> tuple[int, int]:
    """Word lines and columns of a tile."""
    dims = check.shape("tile", tile)
    if len(dims) != 2 or min(dims) < 1:
        raise ParameterError(f"tile must be (word lines, columns), each at least 1; got {tile!r}")
    return dims


def read_limit(cell: Any) -> float:
    """Largest voltage [V] of a read of this cell; infinite if it has none."""
    return getattr(getattr(getattr(cell, "parameters", None), "read", None), "largest_voltage", np.inf)


def check_read(cell: Any, voltage: float, selector: Selector | None) -> None:
    """Refuse now the read voltage [V] that the first read would refuse."""
    limit = read_limit(cell)
    # behind a selector devices are read at their own voltage
    if selector is None and voltage > limit:
        raise ParameterError(
            f"periphery.read_voltage must be a number in V within (0, {limit:g}] for {cell.name} without selectors "
            f"(above, a read could disturb); got {voltage:g} V"
        )


def checked_selector(selector: object) -> Selector | None:
    """A selector, or None."""
    if selector is not None and not isinstance(selector, Selector):
        raise ParameterError(f"selector must be None or a Selector, for example a Diode; got {selector!r}")
    return selector


def checked_gate(gate: ArrayLike | None, selector: Selector | None, inputs: int) -> float | np.ndarray | None:
    """Gate voltage [V], one number or one a word line; present exactly if the selector needs it."""
    gated = selector is not None and selector.gated
    if gate is None:
        if gated and getattr(selector, "gate_voltage", None) is None:
            raise ParameterError(f"gate must be given for {selector!r}: a voltage in V, or one a word line")
        return None
    if not gated:
        raise ParameterError(f"gate must be None for a selector without gate; the selector is {selector!r}")
    gate = check.array("gate", gate, "V", ndim=(0, 1))
    if gate.ndim and gate.shape != (inputs,):
        raise ParameterError(f"gate must be a number or have shape ({inputs},); got shape {gate.shape}")
    return gate.copy() if gate.ndim else float(gate)


def one_input(x: ArrayLike, inputs: int) -> ArrayLike:
    """The x of ``matrix @ x``, if it is one input; the rows of a batch are inputs, which suits ``x @ matrix``."""
    if np.ndim(x) != 1:
        raise ParameterError(
            f"matrix @ x takes one input of shape ({inputs},); got shape {np.shape(x)}: write x @ matrix for a batch"
        )
    return x


def no_array(product: object) -> ParameterError:
    """What is said to who takes something that multiplies by reading devices for numbers."""
    kind = type(product).__name__
    return ParameterError(f"the {kind} is no array; for a table x write x.to_numpy() @ matrix, or matrix.matvec(x)")

"""On and off: finds a set of states of switching cells that is consistent with the circuit.

A threshold switch has two states, each with a monotone I-V; the array is solved with the states as they are, then every
cell that has left the range of its state changes it (off above its threshold voltage, on below its holding current),
and so on until none does. Where snapback makes the states run in a circle, only the cell that is farthest out of its
range on its word line and bit line changes at a time. If even that comes back to a set it has seen, there is none: the
circuit would oscillate, and `ConvergenceError` names the cells.

Not modelled: the time that switching takes; cells that are over their threshold together switch together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar.selectors.selector import cell_states
from pcmphys.crossbar.solver import beginning, newton, recalled
from pcmphys.crossbar.solver.ends import Ends, first_guess, refuse_islands
from pcmphys.crossbar.solver.lines import Drive
from pcmphys.errors import ConvergenceError, ParameterError

if TYPE_CHECKING:
    from pcmphys.crossbar.selectors.selector import Selector

_NAMED = 6


def before(selector: Selector | None, on: ArrayLike | None, start: Any, shape: tuple[int, int]) -> np.ndarray | None:
    """States of an array's selectors before an input: ``on``, or those of the solution ``start``, or all off.

    None if the selector has none.

    Raises
    ------
    ParameterError
        A wrong shape or kind, or states for a selector that has none.
    """
    if selector is None or not selector.hysteretic:
        if on is not None:
            raise ParameterError(f"on must be None: the selector ({selector!r}) has no states")
        return None
    return cell_states(start.on if on is None and start is not None else on, shape)


def solve(cells: Any, ends: Ends, drive: Drive, limits: tuple[float, int], start: Any) -> newton.Found:
    """Solve one input with states that are consistent; ``cells.on`` is changed in place.

    ``start`` are voltages [V] of word and bit lines to begin at, or None; the rest as in `newton.solve`.
    """
    refuse_islands(lambda: cells.conducts, ends)

    def guess() -> tuple[np.ndarray, np.ndarray]:
        if start is not None:
            return tuple(side.copy() for side in start)
        return beginning.of_merged(cells, ends, drive, limits[1]) or first_guess(ends, drive)

    def attempt() -> newton.Found:
        few = cells.recalled() if hasattr(cells, "recalled") else None
        found = None if few is None else recalled.solve(few, ends, drive, guess(), limits)
        return newton.solve(cells, ends, drive, guess(), limits) if found is None else found

    return attempt() if cells.on is None else settle(cells, attempt)


def settle(cells: Any, solve: Callable[[], object]) -> Any:
    """Solve until no cell changes its state; what the last call of ``solve`` returned.

    ``cells.on`` (kinds, rows, columns) is changed in place; ``cells.excess(fields)`` says by how much each is out of
    its state's range (above zero: it must change).

    Raises
    ------
    ConvergenceError
        The states run in a circle.
    """
    one_a_line, carried = False, 0.0
    seen = {_key(cells.on)}
    while True:
        found = solve()
        excess = cells.excess(found.fields)
        changes = excess > 0.0
        if not changes.any():
            return found
        carried = max(carried, float(np.abs(found.fields.cell_current[changes.any(axis=0)]).max()))
        if one_a_line:
            changes &= (excess >= excess.max(axis=(0, 1))) & (excess >= excess.max(axis=(0, 2))[None, :, None])
        cells.on ^= changes
        key = _key(cells.on)
        if key in seen and one_a_line:
            raise ConvergenceError(
                _message(changes, carried, cells), residual=float(excess.max()), iterations=len(seen)
            )
        if key in seen:
            one_a_line, seen = True, set()
        seen.add(key)


def _key(on: np.ndarray) -> bytes:
    return hashlib.sha256(np.packbits(on).tobytes()).digest()


def _message(changes: np.ndarray, carried: float, cells: Any) -> str:
    places = [f"[{i}, {j}]" for i, j in np.argwhere(changes.any(axis=0))[:_NAMED]]
    said = f"neither on nor off is consistent, the circuit would oscillate: cells {', '.join(places)}"
    held = getattr(getattr(cells, "selector", None), "holding_current", None)
    if held is None or carried >= held:
        return said
    return f"{said}; they carry {carried:.3g} A at most, less than the selector's holding_current of {held:.3g} A"

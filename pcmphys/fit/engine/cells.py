"""Fitted numbers as those of a cell: of kind ``fit``, with what they were fitted to as their source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.measurement import Source


def check_cell(cell: Any) -> None:
    """Refuse what is no cell; of a name, say how it becomes one."""
    if not hasattr(cell, "but"):
        named = f": write load_cell({cell!r})" if isinstance(cell, str) else ""
        raise ParameterError(f"cell must be a cell as load_cell gives it; got {cell!r}{named}")


def fitted_numbers(changes: Mapping[str, Any], what: str, data: Source | None, source: str) -> dict[str, Any]:
    """Changes of a cell, as its ``but`` takes them.

    Parameters
    ----------
    changes : dict
        By dotted key: a number, or a table with ``value`` and ``note``.
    what : str
        The fit, in words.
    data : Source or None
        Where its data come from.
    source : str
        The same in the user's words.
    """
    if data is not None and data.file:
        words = data.cited(f"{what}; {source}" if source else what)
    else:
        words = f"{what}; data of {source}" if source else what
    made = {"kind": "fit", "source": f"pcmphys, {words}"}
    return {key: made | (dict(one) if isinstance(one, Mapping) else {"value": one}) for key, one in changes.items()}

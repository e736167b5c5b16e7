"""Fitted numbers as those of a cell: of kind ``fit``, with what they were fitted to as their source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pcmphys.fit.readers.measurement import Source


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

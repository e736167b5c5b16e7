"""Fitted numbers as the parameters of a cell that is trained in place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.errors import ParameterError
from pcmphys.fit.updates.tables import StepTable, on
from pcmphys.parameters.choices import chosen
from pcmphys.parameters.loader import fields_of, fill
from pcmphys.parameters.schema import Quantity, Technology

READ_VOLTAGE, DURATION = 0.2, 1e-7
"""Of reads and pulses whose own are not known [V, s]."""


def check_name(name: Any) -> None:
    """Refuse a name that no parameter file could have."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ParameterError(f"name must be of small letters, digits and dashes; got {name!r}")


def technology_of(name: str, title: str, numbers: Mapping[str, Any], source: str, notes: tuple[str, ...]) -> Technology:
    """Numbers by dotted key as a technology, of kind ``fit``; one that is a pair is assumed, with its note."""
    units = {key: field.metadata["unit"] for key, field in fields_of(PulsedParameters).items()}
    quantities = {}
    for key, given in numbers.items():
        value, note = given if isinstance(given, tuple) and isinstance(given[1], str) else (given, "")
        value = tuple(map(float, value)) if np.ndim(value) else float(value)
        about = {"kind": "assumed", "note": note} if note else {"kind": "fit", "source": f"pcmphys, {source}"}
        quantities[key] = Quantity(value=value, unit=units[key], **about)
    return Technology(name=name, model="pulsed", title=title, notes=notes, quantities=quantities, file=title)


def filled(technology: Technology) -> tuple[PulsedParameters, Technology]:
    """Parameters, checked as those of a file are."""
    made = chosen(PulsedParameters, technology)
    return fill(PulsedParameters, made), made


def read_and_pulse() -> dict[str, Any]:
    """What a train of pulses does not tell."""
    return {
        "read.voltage": (READ_VOLTAGE, "not part of the data"),
        "read.duration": (DURATION, "not part of the data"),
        "pulse.duration": (DURATION, "not part of the data"),
    }


def table_numbers(
    up: StepTable, down: StepTable | None, unit: float, zero: float, fresh: Sequence[StepTable] = ()
) -> dict[str, Any]:
    """Rows of a jump table in weight, of conductance ``zero`` [S] at weight 0 and ``unit`` [S] a weight of 1.

    ``fresh``: steps up soon after a RESET, group by group of pulses, where they have rows of their own.
    """
    at = np.unique(np.concatenate([table.at for table in (up, down, *fresh) if table is not None]))
    if at.size < 2:
        at = np.array([at[0], at[0] + 1e-3 * unit])
    numbers: dict[str, Any] = {"jump_table.weight": list((at - zero) / unit)}
    tables = {
        "up": [on(up, at)],
        "down": [StepTable(at, 0.0 * at, 0.0 * at, np.empty((at.size, 0))) if down is None else on(down, at)],
        "fresh_up": [on(table, at) for table in fresh],
    }
    given = [table for name, parts in tables.items() for table in parts if down is not None or name != "down"]
    quantiles = min(table.quantiles.shape[1] for table in given) > 0
    for name, parts in tables.items():
        if not parts:
            continue
        numbers[f"jump_table.{name}"] = [float(x) for part in parts for x in part.mean / unit]
        numbers[f"jump_table.{name}_std"] = [float(x) for part in parts for x in part.std / unit]
        if quantiles and parts[0].quantiles.size:
            numbers[f"jump_table.{name}_quantiles"] = [
                float(x) for part in parts for x in part.quantiles.ravel() / unit
            ]
    return numbers

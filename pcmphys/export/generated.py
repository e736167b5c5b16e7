"""Python modules that other programs import: filled from a template, and read back without those programs."""

from __future__ import annotations

import ast
import string
from collections.abc import Mapping
from importlib import metadata, resources
from typing import Any

import numpy as np

from pcmphys.cells.protocol import Cell
from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.export.levels import LevelStatistics
from pcmphys.export.scores import REACH, drawn

_DIGITS = 7
"""Of a number in a table: far more than the devices of a level tell."""


def filled(template: str, names: Mapping[str, Any]) -> bytes:
    """The text of a module from a template of this room; numbers and arrays as Python writes them."""
    text = resources.files("pcmphys.export").joinpath("templates", template).read_text(encoding="utf-8")
    words = {name: value if isinstance(value, str) else written(value) for name, value in names.items()}
    return string.Template(text).substitute(words, version=metadata.version("pcmphys")).encode()


def written(value: Any) -> str:
    """A number, or nested rows of them, one inner row a line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {written(one)}" for key, one in value.items()) + "}"
    value = np.asarray(value)
    if value.ndim == 0:
        return repr(float(f"{value:.{_DIGITS}g}")) if value.dtype.kind == "f" else repr(value.item())
    inner = ", ".join(written(one) for one in value)
    return f"[{inner}]" if value.ndim == 1 else "[\n" + ",\n".join(written(one) for one in value) + ",\n]"


def constants(module: bytes) -> dict[str, Any]:
    """Numbers and tables of a written module by name; nothing of it is run."""
    found: dict[str, Any] = {}
    for node in ast.parse(module).body:
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Call):
            names, values = node.targets[0], ast.literal_eval(node.value)
            if isinstance(names, ast.Tuple):
                found |= {one.id: value for one, value in zip(names.elts, values, strict=True)}
            elif isinstance(names, ast.Name):
                found[names.id] = values
    return found


class TableCarrier:
    """The numpy twin of a generated module: draws what its tables say; ``scale`` is its unit of conductance [S]."""

    def __init__(self, module: bytes, scale: float):
        self._scale = scale
        found = constants(module)
        self._programmed, self._loss, self._noise = (np.array(found[name]) for name in ("PROGRAMMED", "LOSS", "NOISE"))
        self._coupling = np.array(found["COUPLING"])

    def programmed(self, level: int, z: np.ndarray) -> np.ndarray:
        """Conductance [S] after programming."""
        return self._scale * np.maximum(drawn(self._programmed[level], z), 0.0)

    def loss(self, level: int, time: int, z: np.ndarray, programmed: np.ndarray) -> np.ndarray:
        """Ln of the programmed conductance over that at a time."""
        shared = self._coupling[level]
        score = shared * programmed + np.sqrt(1.0 - shared * shared) * z
        return drawn(self._loss[time, level], score)

    def noise(self, level: int, time: int, z: np.ndarray, conductance: np.ndarray) -> np.ndarray:
        """A reading over the conductance without noise, minus one."""
        return np.maximum(drawn(self._noise[time, level], z), -1.0)


def tables(source: LevelStatistics, unit: float) -> dict[str, Any]:
    """What all generated modules hold, conductances in ``unit`` [S]; tables go over (times, targets, scores)."""
    return {
        "cell": plain(source.cell.name),
        "devices": source.devices,
        "t_0": source.time[0],
        "reach": REACH,
        "targets": source.target / unit,
        "times": source.time,
        "programmed": source.programmed / unit,
        "coupling": source.coupling,
        "loss": np.moveaxis(source.loss, 1, 0),
        "noise": np.moveaxis(source.noise, 1, 0),
    }


def plain(name: str) -> str:
    """A cell's name as it can stand in a text between quotes."""
    return "".join(c if c.isprintable() and c not in "\"\\$'" else "_" for c in name)


def require_drift(source: Cell | LevelStatistics, target: str, way_out: str) -> None:
    """Refuse a cell without drift where the target's format is one of drift.

    Of a cell before it is sampled: one whose parameters say so; of others the devices have to tell.
    """
    cell = source.cell if isinstance(source, LevelStatistics) else source
    if isinstance(source, LevelStatistics):
        drifts = source.drifts
    else:
        drifts = not isinstance(cell, PulsedCell) or cell.parameters.read.drift_exponent > 0.0
    if not drifts:
        raise ParameterError(f"cell {cell.name} does not drift, and {target} wants a drifting one; {way_out}")

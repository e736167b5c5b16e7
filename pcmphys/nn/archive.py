"""Twins in files: arrays of NumPy with a description in JSON; nothing in them is ever run."""

from __future__ import annotations

import copy
import io
import json
import zipfile
import zlib
from importlib import metadata
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pcmphys.errors import ParameterError
from pcmphys.matrix import AnalogMatrix
from pcmphys.matrix.tile import Counts
from pcmphys.nn.back_ends.tiles import Programming, Tiles, Workshop
from pcmphys.nn.keeping import Arrays, packed, unpacked
from pcmphys.numerics.files import write_whole

if TYPE_CHECKING:
    from torch import nn

FORMAT = "pcmphys analog twin, format 1"
_HEADER = "header"


def save(twin: nn.Module, workshop: Workshop, path: str | PathLike[str]) -> None:
    """Write a twin's parameters and devices to a file of ``numpy.savez``."""
    arrays: Arrays = {}
    header: dict[str, Any] = {"format": FORMAT, "made": _made(workshop), "tiles": []}
    for k, tiles in enumerate(workshop.tiles):
        try:
            header["tiles"].append(_packed_matrix(tiles, k, arrays))
        except TypeError as error:
            raise ParameterError(
                f"layer {tiles.name!r}: devices of {workshop.cell.name} cannot be saved: {error}"
            ) from None
        arrays[f"weights/{k}"] = tiles.matrix.weights
    for name, value in digital_state(twin).items():
        arrays[f"digital/{name}"] = value
    write(Path(path), header, arrays)


def digital_state(twin: nn.Module) -> Arrays:
    """What PyTorch keeps of a twin, as arrays by name."""
    return {name: value.detach().cpu().numpy() for name, value in twin.state_dict().items()}


def write(path: Path, header: dict[str, Any], arrays: Arrays) -> None:
    """Write a description and arrays, whole or not at all."""
    stream = io.BytesIO()
    header = {**header, "version": metadata.version("pcmphys")}
    np.savez(stream, **{_HEADER: np.array(json.dumps(header))}, **arrays)
    write_whole(path, stream.getvalue())


def load(twin: nn.Module, workshop: Workshop, path: str | PathLike[str]) -> None:
    """Take over what `save` has written; the twin is changed at the very end, or not at all."""
    header, arrays = opened(Path(path), FORMAT, "AnalogTwin.save")
    names = [kept["name"] for kept in header["tiles"]]
    check_made(header, _made(workshop), names, [tiles.name for tiles in workshop.tiles], path)
    restored = []
    try:
        first_cell = 0
        for k, (tiles, kept) in enumerate(zip(workshop.tiles, header["tiles"], strict=True)):
            matrix = workshop.matrix(tiles.name, arrays[f"weights/{k}"], first_cell)
            if matrix.shape != tiles.matrix.shape:
                raise ValueError(f"layer {tiles.name!r} is {matrix.shape}, here it is {tiles.matrix.shape}")
            for j, (part, text) in enumerate(zip(matrix.tiles, kept["parts"], strict=True)):
                _unpack_tile(part, text, f"tiles/{k}/{j}", arrays)
            matrix.programmed, first_cell = bool(kept["programmed"]), matrix.last_cell
            restored.append((tiles, matrix, kept))
        state = {name.removeprefix("digital/"): value for name, value in arrays.items() if name.startswith("digital/")}
        check_state(state, twin)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError(f"{path}: what it holds does not fit this twin ({error})") from None
    twin.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    for tiles, matrix, kept in restored:
        _take_over(tiles, matrix, kept)


def _take_over(tiles: Tiles, matrix: AnalogMatrix, kept: dict[str, Any]) -> None:
    tiles.matrix, tiles.counts = matrix, Counts(*kept["counts"])
    tiles.programming = None if kept["programming"] is None else Programming(*kept["programming"])
    tiles.forget()


def _packed_matrix(tiles: Tiles, k: int, arrays: Arrays) -> dict[str, Any]:
    return {
        "name": tiles.name,
        "counts": list(vars(tiles.counts).values()),
        "programming": tiles.programming,
        "programmed": tiles.matrix.programmed,
        "parts": [_packed_tile(part, f"tiles/{k}/{j}", arrays) for j, part in enumerate(tiles.matrix.tiles)],
    }


def _packed_tile(part: Any, place: str, arrays: Arrays) -> dict[str, Any]:
    return {
        "gain": np.asarray(part.gain).tolist(),
        "adc_range": part.adc_range,
        "counts": list(vars(part.counts).values()),
        "devices": packed(part.devices, place, arrays),
    }


def _unpack_tile(part: Any, text: dict[str, Any], place: str, arrays: Arrays) -> None:
    gain = np.array(text["gain"], dtype=float)
    if gain.shape not in ((), (part.columns.stop - part.columns.start,)):
        raise ValueError(f"gains of shape {gain.shape} for {part.columns.stop - part.columns.start} columns")
    part.gain, part.adc_range = gain if gain.ndim else float(gain), float(text["adc_range"])
    part.counts = Counts(*text["counts"])
    part.devices = unpacked(text["devices"], copy.deepcopy(part.devices), place, arrays)


def _made(workshop: Workshop) -> dict[str, str]:
    """What the devices are made of, as text that is equal for equal twins."""
    parts = {"cell": f"{workshop.cell.name} {workshop.cell.parameters!r}"}
    for name in ("mapping", "tile", "periphery", "wires", "selector", "gate", "seed"):
        parts[name] = repr(getattr(workshop, name))
    return parts


def check_made(header: dict[str, Any], made: dict[str, str], names: list[str], own: list[str], path: Any) -> None:
    """Refuse a file of a twin that was ``made`` otherwise, or has layers of other ``names`` than our ``own``."""
    for name, mine in made.items():
        theirs = header["made"].get(name)
        if theirs != mine:
            raise ParameterError(
                f"{path}: its twin was made with another {name}: {_short(theirs)}; this one with {_short(mine)}"
            )
    if names != own:
        other = next((a, b) for a, b in zip([*names, None], [*own, None], strict=False) if a != b)
        raise ParameterError(f"{path}: its layers are others: {other[0]!r} where this twin has {other[1]!r}")


def check_state(state: Arrays, twin: nn.Module) -> None:
    """Refuse digital parameters of other names or shapes."""
    mine = {name: tuple(value.shape) for name, value in twin.state_dict().items()}
    theirs = {name: value.shape for name, value in state.items()}
    if mine != theirs:
        different = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
        raise ValueError(f"digital parameters differ: {', '.join(different)}")


def opened(path: Path, format_: str, writer: str) -> tuple[dict[str, Any], Arrays]:
    """Description and arrays; pickles are refused by NumPy, and never run."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = dict(archive)
        header = json.loads(str(arrays.pop(_HEADER)))
        found, version = header["format"], header["version"]
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(f"{path} is no file that {writer} has written whole ({reason})") from None
    mine = metadata.version("pcmphys")
    if (found, version) != (format_, mine):
        raise ParameterError(
            f"{path} was written by pcmphys {version} ({found}); this is pcmphys {mine} ({format_}), which reads "
            "its own files only: save it again with this version"
        )
    return header, arrays


def _short(text: Any) -> str:
    text = str(text)
    return text if len(text) < 200 else f"{text[:200]}..."

"""Twins in files: arrays of NumPy with a description in JSON; nothing in them is ever run."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import torch
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn.kept import check_made, opened, written
from pcmphys.nn.layers.state import KEY
from pcmphys.numerics.files import write_whole


def save(twin: nn.Module, format_: str, made: dict[str, str], path: str | PathLike[str]) -> None:
    """Write a twin's state dict, and what the twin is made of, to a file of ``numpy.savez``."""
    state = {}
    for name, value in twin.state_dict().items():
        if not isinstance(value, torch.Tensor):
            raise ParameterError(
                f"{name} is a {type(value).__name__}, which a file of arrays cannot hold; one of "
                "torch.save(twin.state_dict(), path) can"
            )
        state[f"state/{name}"] = value.detach().cpu().numpy()
    header = {"format": format_, "made": made, "layers": list(twin.layers)}
    write_whole(Path(path), written(header, state))


def load(twin: nn.Module, format_: str, made: dict[str, str], path: str | PathLike[str]) -> None:
    """Take over what `save` has written; the twin is changed at the very end, or not at all."""
    header, arrays = opened(Path(path), format_, f"{type(twin).__name__}.save")
    check_made(header["made"], made, f"{path}: its twin was")
    names, own = header["layers"], list(twin.layers)
    if names != own:
        other = next((a, b) for a, b in zip([*names, None], [*own, None], strict=False) if a != b)
        raise ParameterError(f"{path}: its layers are others: {other[0]!r} where this twin has {other[1]!r}")
    state = {name.removeprefix("state/"): torch.from_numpy(value) for name, value in arrays.items()}
    mine = twin.state_dict()
    different = sorted(name for name in {*mine, *state} if not _alike(name, mine.get(name), state.get(name)))
    if different:
        raise ParameterError(
            f"{path}: what it holds does not fit this twin (parameters differ: {', '.join(different)})"
        )
    try:
        twin.load_state_dict(state)
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from None


def _alike(name: str, mine: torch.Tensor | None, theirs: torch.Tensor | None) -> bool:
    """Whether one can be copied into the other; devices, which are bytes of any number, are looked at when loaded."""
    if mine is None or theirs is None or mine.dtype != theirs.dtype:
        return False
    return mine.shape == theirs.shape or name.endswith(KEY)

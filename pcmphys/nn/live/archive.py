"""Networks that learn in place, in files: arrays of NumPy with a description in JSON; nothing in them is ever run."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn.archive import check_made, check_state, digital_state, opened, write
from pcmphys.nn.back_ends.in_place import TrainingWorkshop
from pcmphys.nn.keeping import Arrays, packed, unpacked

FORMAT = "pcmphys network trained in place, format 1"
_MADE_OF = ("rule", "tile", "periphery", "wires", "scale", "trains", "seed")


def save(twin: nn.Module, maker: TrainingWorkshop, path: str | PathLike[str]) -> None:
    """Write a network's digital parameters and devices to a file of ``numpy.savez``."""
    arrays: Arrays = {}
    matrices = []
    for k, product in enumerate(maker.products):
        if product.noted:
            raise ParameterError(
                f"layer {product.name!r}: {len(product.noted)} backward passes were noted and not sent; save after "
                "step() or zero_grad()"
            )
        kept = packed(product.matrix.trained, f"matrices/{k}", arrays)
        matrices.append({"name": product.name, "state": kept})
    for name, value in digital_state(twin).items():
        arrays[f"digital/{name}"] = value
    write(Path(path), {"format": FORMAT, "made": _made(maker), "matrices": matrices}, arrays)


def load(twin: nn.Module, maker: TrainingWorkshop, path: str | PathLike[str]) -> None:
    """Take over what `save` has written; the network is changed at the very end, or not at all."""
    header, arrays = opened(Path(path), FORMAT, "LiveTwin.save")
    names = [kept["name"] for kept in header["matrices"]]
    check_made(header, _made(maker), names, [product.name for product in maker.products], path)
    try:
        restored = [
            unpacked(kept["state"], product.matrix.copy().trained, f"matrices/{k}", arrays)
            for k, (product, kept) in enumerate(zip(maker.products, header["matrices"], strict=True))
        ]
        state = {name.removeprefix("digital/"): value for name, value in arrays.items() if name.startswith("digital/")}
        check_state(state, twin)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError(f"{path}: what it holds does not fit this network ({error})") from None
    twin.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    for product, trained in zip(maker.products, restored, strict=True):
        product.matrix.trained = trained
        product.forget()


def _made(maker: TrainingWorkshop) -> dict[str, str]:
    """What the devices are made of, as text that is equal for equal networks."""
    parts = {"cell": f"{maker.cell.name} {maker.cell.parameters!r}"}
    for name in _MADE_OF:
        parts[name] = _text(getattr(maker, name))
    return parts


def _text(value: Any) -> str:
    """A rule with the numbers of its own cells, whose repr is their name."""
    own = [part for part in vars(value).values() if hasattr(part, "parameters")] if hasattr(value, "__dict__") else []
    return " ".join([repr(value), *(repr(cell.parameters) for cell in own)])

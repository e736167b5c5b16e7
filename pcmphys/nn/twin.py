"""The analog twin of a module: its devices' life, and predictions with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn import archive
from pcmphys.nn.back_ends.product import Maker, Product, Watch
from pcmphys.nn.back_ends.tiles import Tiles, Workshop
from pcmphys.nn.layers.base import AnalogLayer
from pcmphys.nn.report import DigitalPart, SampledError, TwinReport, lines
from pcmphys.numerics.product import product as exact_product


class AnalogTwin(nn.Module):
    """A module whose matrix products are computed on tiles; `pcmphys.nn.convert` makes it.

    It is called like the module. All inputs meet the conductances of one read, taken at the first call after
    `program`, `wait` or `calibrate`; `read` takes another, with other noise. Nothing but these moves the lab clock, so
    that the order and the size of batches do not matter. Gradients go through the products to the inputs and to what
    is digital (norms, biases), which any optimiser can train; the devices stay as they are.

    Attributes
    ----------
    module : torch.nn.Module
        The converted module.
    layers : dict
        Its converted layers (`AnalogLayer`) by name.
    digital : list of DigitalPart
        What is not computed on tiles.

    Notes
    -----
    Not modelled: noise faster than a read (all vectors of a batch, all steps of a sequence meet the same noise),
    converters' own noise and offset, read disturb. Digital parts are exact in the module's own float type. Tiles live
    in main memory; inputs from another device go there and back.
    """

    def __init__(self, module: nn.Module, layers: dict[str, AnalogLayer], digital: list[DigitalPart], maker: Maker):
        super().__init__()
        self.module: nn.Module = module
        self.layers: dict[str, AnalogLayer] = layers
        self.digital: list[DigitalPart] = digital
        self.maker: Maker = maker
        self.eval()

    def __repr__(self) -> str:
        name, count = getattr(self.module, "kind", type(self.module).__name__), len(self.layers)
        if not isinstance(self.maker, Workshop):
            return f"AnalogTwin({name}, {count} layers in {self.maker!r})"
        tiles = sum(len(part.matrix.tiles) for part in self.maker.tiles)
        state = f"time={self.time:g} s" if self.programmed else "not programmed"
        return f"AnalogTwin({name}, {count} layers on {tiles} tiles of {self.maker.cell.name!r}, {state})"

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """As the module's own.

        Raises
        ------
        ParameterError
            The devices hold nothing yet.
        """
        if isinstance(self.maker, Workshop) and not self.programmed:
            raise ParameterError("the twin is not programmed yet; call program() first")
        _tensors(inputs)
        return self.module(*inputs, **options)

    @property
    def products(self) -> list[Product]:
        """Matrix products of all layers."""
        return [product for layer in self.layers.values() for product in layer.products]

    @property
    def programmed(self) -> bool:
        """Whether the devices hold the weights."""
        return all(tiles.matrix.programmed for tiles in self._workshop("programmed").tiles)

    @property
    def time(self) -> float:
        """Lab clock [s] of all tiles."""
        return self._workshop("time").time

    def program(self) -> TwinReport:
        """Write all weights into the devices; also resets the gains.

        Tiles are programmed side by side: the slowest sets the clock of all.
        """
        self._workshop("program()").program()
        return self.report()

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let ``duration`` [s] pass for every device, at a ``temperature`` [K]."""
        self._workshop("wait()").wait(duration, temperature)

    def read(self) -> None:
        """Read all devices anew: the calls that follow meet other noise."""
        self._workshop("read()").read()

    def calibrate(self, per: str = "tile") -> dict[str, np.ndarray]:
        """Drift compensation: one gain a tile, or ``per="column"``, as `AnalogMatrix.calibrate` finds them.

        Returns
        -------
        dict
            Gains of the tiles of each product.
        """
        return self._workshop("calibrate()").calibrate(per)

    def calibrate_ranges(self, *inputs: Any, **options: Any) -> None:
        """Set the range of every tile's bit-line converter from sample inputs of the network.

        To 1.1 times the largest ideal current that they cause, with all layers before computed exactly.

        Parameters
        ----------
        *inputs, **options
            As of a call: typical inputs (training data, not test data).
        """
        self._workshop("calibrate_ranges()")
        seen: set[str] = set()

        def widen(product: Product, x: np.ndarray) -> np.ndarray:
            if isinstance(product, Tiles) and len(x):
                product.widen(x, more=product.name in seen)
                product.forget()
                seen.add(product.name)
            return exact_product(x, product.exact)

        self.watched(widen, inputs, options)

    def report(self, *inputs: Any, **options: Any) -> TwinReport:
        """What the twin is like, layer by layer.

        Parameters
        ----------
        *inputs, **options
            As of a call: with samples the error of each product is measured, for its exact inputs, so that errors of
            earlier layers do not enter. Their conversions count as all others.
        """
        measured: dict[str, SampledError] = {}

        def compare(product: Product, x: np.ndarray) -> np.ndarray:
            exact = exact_product(x, product.exact)
            error = product.forward(x) - exact
            done = measured.setdefault(product.name, SampledError())
            done.add(len(x), float((error**2).sum()), float((exact**2).sum()))
            return exact

        if inputs or options:
            if isinstance(self.maker, Workshop) and not self.programmed:
                raise ParameterError("report: products of samples need devices that hold the weights; call program()")
            self.watched(compare, inputs, options)
        return TwinReport(lines(self.layers, measured), tuple(self.digital))

    def save(self, path: str | PathLike[str]) -> None:
        """Write parameters, devices with their history, gains and converter ranges to a file (``.npz``).

        Plain arrays of NumPy, no pickles. What the twin is made of (module, cell, mapping, ...) is not in it.
        """
        archive.save(self, self._workshop("save()"), path)

    def load(self, path: str | PathLike[str]) -> AnalogTwin:
        """Take over what another twin of the same make has saved: from then on both have the same future.

        Make a twin of an equal module by `convert` with the same arguments, trained or not, and load into it.

        Returns
        -------
        AnalogTwin
            Itself.

        Raises
        ------
        ParameterError
            No file of `save`, one of another version of pcmphys, or of a twin that was made otherwise; nothing has
            changed then.
        """
        archive.load(self, self._workshop("load()"), path)
        return self

    def watched(self, watch: Watch, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Call the module while ``watch(product, vectors)`` sees every product, and gives its outputs."""
        _tensors(inputs)
        with torch.no_grad(), _watching(self.products, watch):
            self.module(*inputs, **options)

    def _workshop(self, what: str) -> Workshop:
        if not isinstance(self.maker, Workshop):
            raise ParameterError(f"{what} is of twins on devices; this one computes in {self.maker!r}")
        return self.maker


def _tensors(inputs: tuple[Any, ...]) -> None:
    for given in inputs:
        if isinstance(given, np.ndarray):
            raise ParameterError(
                f"inputs must be tensors; got an array of numpy of shape {given.shape}: torch.from_numpy it"
            )


@contextlib.contextmanager
def _watching(products: list[Product], watch: Watch) -> Iterator[None]:
    for product in products:
        product.watch = watch
    try:
        yield
    finally:
        for product in products:
            product.watch = None

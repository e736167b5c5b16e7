"""The analog twin of a module: its devices' life, and predictions with them."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn import archive
from pcmphys.nn.back_ends.product import Maker, Product
from pcmphys.nn.back_ends.tiles import Tiles, Workshop
from pcmphys.nn.base_twin import Twin, check_tensors
from pcmphys.nn.layers.base import AnalogLayer
from pcmphys.nn.report import DigitalPart, SampledError, TwinReport, lines
from pcmphys.numerics.product import product as exact_product

FORMAT = "pcmphys analog twin, format 2"


class AnalogTwin(Twin):
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

    The state dict holds weights and devices with their history (``_extra_state`` of each layer, as bytes): a twin made
    alike, whatever its seed, has the same future from the next read on, and another one refuses it. `pcmphys.nn.plain`
    gives the module of PyTorch again.
    """

    def __init__(self, module: nn.Module, layers: dict[str, AnalogLayer], digital: list[DigitalPart], maker: Maker):
        super().__init__(module, layers, digital, maker)
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
        check_tensors(inputs)
        return self.module(*inputs, **options)

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

        The arrays of its state dict, no pickles. What the twin is made of (module, cell, mapping, ...) is not in it,
        nor is a read that the twin holds: one that is loaded reads its devices anew, with other noise, and predicts
        what this one does from its next `read` or `wait` on.
        """
        archive.save(self, FORMAT, self._made("save()"), path)

    def load(self, path: str | PathLike[str]) -> AnalogTwin:
        """Take over what another twin of the same make has saved: from the next read on both have the same future.

        A read is not saved. If the other twin held one (it has predicted since it last waited), the first predictions
        here meet other noise than its own; ``read()`` on both before, and they are the same bits.

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
        archive.load(self, FORMAT, self._made("load()"), path)
        return self

    def _made(self, what: str) -> dict[str, str]:
        """What the devices are made of, as text that is equal for equal twins."""
        workshop = self._workshop(what)
        return workshop.made | {"seed": repr(workshop.seed)}

    def _workshop(self, what: str) -> Workshop:
        if not isinstance(self.maker, Workshop):
            raise ParameterError(f"{what} is of twins on devices; this one computes in {self.maker!r}")
        return self.maker

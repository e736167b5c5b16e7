"""A module that learns on devices."""

from __future__ import annotations

from os import PathLike
from typing import Any, NoReturn

from pcmphys.errors import ParameterError
from pcmphys.nn import archive
from pcmphys.nn.back_ends.in_place import TrainingWorkshop
from pcmphys.nn.base_twin import Twin, check_tensors
from pcmphys.nn.live.report import LiveReport, pulsed_lines
from pcmphys.numerics import check

FORMAT = "pcmphys network trained in place, format 2"


class LiveTwin(Twin):
    """A module whose weights learn on devices; `pcmphys.nn.convert` with a rule makes it.

    It is called and trained like the module, with `pcmphys.nn.PulsedOptimizer` as the optimiser: products forward and
    backward go through the arrays, which are read anew with every call, and updates are pulses. What is digital
    (biases, norms) is trained digitally.

    Attributes
    ----------
    module : torch.nn.Module
        The converted module.
    layers : dict
        Its converted layers (`AnalogLayer`) by name.
    digital : list of DigitalPart
        What is not on devices.
    maker : TrainingWorkshop
        What its arrays are made of.

    Notes
    -----
    The same seed gives the same bits for any number of threads. On devices without read noise it does so however a
    batch is split over several backward passes before a ``step()``, unless a layer is used more than once in a pass
    (hidden weights of recurrent layers): their updates then come in another order. Read noise is drawn anew for every
    vector.

    What stands for weights among the parameters is two numbers each (`PulsedWeight`); the weights are in ``weights``.
    Their gradient is the Euclidean norm of the gradient by the weights, and a small one that tells scaling from other
    changes: `torch.nn.utils.clip_grad_norm_` works as on any module, gradients cannot be clipped value by value, and
    norms other than the Euclidean one are not those of the weights' gradient.

    The state dict holds the devices with their history (``_extra_state`` of each layer, as bytes), so checkpoints of
    PyTorch resume to the same bits in a network made alike, whatever its seed; another one refuses them. What was
    noted for devices before they are loaded is dropped; gradients of digital parameters stay, as in PyTorch. Copies
    have the devices, and no gradients. `pcmphys.nn.plain` gives the module of PyTorch with the learned weights.
    """

    maker: TrainingWorkshop

    def __repr__(self) -> str:
        name, rule = getattr(self.module, "kind", type(self.module).__name__), type(self.maker.rule).__name__
        layers = f"{len(self.layers)} layers of {self.maker.cell.name!r}"
        return f"LiveTwin({name}, {layers}, {rule}, time={self.time:.3g} s)"

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """As the module's own."""
        check_tensors(inputs)
        return self.module(*inputs, **options)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, and what was noted for weights in place."""
        super().zero_grad(set_to_none)
        for product in self.maker.products:
            product.forget()

    @property
    def weights(self) -> dict[str, Any]:
        """Weights (inputs, outputs) of each matrix as they read now, without noise, converters and wires, by name."""
        return {product.name: product.weights for product in self.maker.products}

    @property
    def time(self) -> float:
        """Lab clock [s]: that of the array that was busy longest."""
        return self.maker.time

    def wait(self, duration: float) -> None:
        """Let ``duration`` [s] pass for all devices; arrays that were busy for less have waited for the others."""
        self.maker.wait(duration)

    def report(self, *, pulse_voltage: float | None = None) -> LiveReport:
        """Pulses, saturation and energy so far, layer by layer.

        Parameters
        ----------
        pulse_voltage : float [V], optional
            Of an update pulse, for the energy of the pulses: the published update laws do not say it.
        """
        if pulse_voltage is not None:
            check.number("pulse_voltage", pulse_voltage, "V", 0.0, low_open=True)
        return LiveReport(pulsed_lines(self.layers, pulse_voltage), tuple(self.digital), self.time)

    def save(self, path: str | PathLike[str]) -> None:
        """Write digital parameters and devices with their history to a file (``.npz``), between two steps.

        The arrays of its state dict, no pickles. What the network is made of (module, cell, rule, ...) is not in it.

        Raises
        ------
        ParameterError
            A backward pass has been noted and not been sent.
        """
        for product in self.maker.products:
            if product.gathered:
                raise ParameterError(
                    f"layer {product.name!r}: {len(product.gathered)} backward passes were noted and not sent; save "
                    "after step() or zero_grad()"
                )
        archive.save(self, FORMAT, self._made(), path)

    def load(self, path: str | PathLike[str]) -> LiveTwin:
        """Take over what another network of the same make has saved: from then on both have the same future.

        Make one of an equal module by `convert` with the same arguments, and load into it.

        Returns
        -------
        LiveTwin
            Itself.

        Raises
        ------
        ParameterError
            No file of `save`, one of another version of pcmphys, or of a network that was made otherwise; nothing has
            changed then.
        """
        archive.load(self, FORMAT, self._made(), path)
        self.zero_grad()
        return self

    def _made(self) -> dict[str, str]:
        """What the devices are made of, as text that is equal for equal networks."""
        return self.maker.made | {"seed": repr(self.maker.seed)}

    def program(self) -> NoReturn:
        """Not of a network that learns: its devices were programmed when it was made."""
        raise ParameterError(
            "program() is of twins that predict; devices of a network that learns were programmed to the module's "
            "weights when it was made"
        )

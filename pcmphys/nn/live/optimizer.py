"""The optimiser that sends pulses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from pcmphys.errors import ParameterError
from pcmphys.nn.back_ends.in_place import InPlace, PulsedWeight
from pcmphys.numerics import check

_OPTIONS = ("params", "lr", "param_names", "initial_lr", "name")
"""Keys of a group: PyTorch's own, and a label of the user's."""


class PulsedOptimizer(torch.optim.Optimizer):
    """Gradient descent for networks that learn in place: pulses for weights on devices, plain SGD for the rest.

    It is used as any optimiser of PyTorch: ``zero_grad()``, ``backward()``, ``step()``, with groups of parameters,
    learning-rate schedulers and gradients gathered over several backward passes. A frozen layer (``requires_grad_``)
    is left as it is.

    Parameters
    ----------
    params : iterable
        Parameters or groups of them, as of `torch.optim.SGD`.
    lr : float
        Learning rate, above zero; what the rule of the weights in place is given, and the rate of all else.

    Raises
    ------
    ParameterError
        A rate of zero or less, other options of parameters, gradients of weights in place that were changed otherwise
        than by a factor.

    Notes
    -----
    Weights change by -lr x d summed over the samples of all backward passes since ``zero_grad()``, one outer product
    after the other, in the order of the passes: with a loss that is a mean over a batch, lr means what it means to
    `torch.optim.SGD`. A ``step()`` is a mini-batch to devices that leak. There are no momentum and no weight decay:
    devices have none.

    `torch.nn.utils.clip_grad_norm_` limits the gradient of all parameters together, in place or digital, before
    ``step()``, and `torch.amp.GradScaler` scales it back; single values cannot be clipped (see `LiveTwin`).

    Examples
    --------
    >>> import pcmphys as pcm
    >>> from pcmphys import nn
    >>> _ = torch.manual_seed(0)
    >>> live = nn.convert(torch.nn.Linear(4, 2), pcm.load_cell("ecram-tang2018"), rule=pcm.Sgd())
    >>> optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.1)
    >>> x = torch.randn(64, 4)
    >>> losses = []
    >>> for _ in range(40):
    ...     optimizer.zero_grad()
    ...     loss = (live(x) - x[:, :2]).square().mean()
    ...     loss.backward()
    ...     optimizer.step()
    ...     losses.append(float(loss))
    >>> losses[-1] < 0.05 * losses[0]
    True
    """

    def __init__(self, params: Iterable[Any], lr: float):
        super().__init__(params, {"lr": check.number("lr", lr, "", 0.0, low_open=True)})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with a rate of their own if ``lr`` is among the group's keys.

        Raises
        ------
        ParameterError
            An option that this optimiser does not have, such as momentum, unless it is 0.
        """
        if "lr" in param_group:
            check.number("lr", param_group["lr"], "", 0.0, low_open=True)
        for option, value in param_group.items():
            if option not in _OPTIONS and not (isinstance(value, (int, float)) and value == 0):
                raise ParameterError(
                    f"parameter groups of PulsedOptimizer may hold {', '.join(_OPTIONS)}; got {option}={value!r}: "
                    f"pulses know a rate only{check.suggest(option, _OPTIONS)}"
                )
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Change all parameters by what was gathered since ``zero_grad()``.

        Pulses are sent once: a second ``step()`` without a backward pass between changes digital parameters only.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            rate = check.number("lr", float(group["lr"]), "", 0.0)  # a scheduler may have let it fall to zero
            for parameter in group["params"]:
                if isinstance(parameter, PulsedWeight):
                    parameter.product.step(rate)
                    parameter.grad = None
                elif parameter.grad is not None:
                    parameter.add_(parameter.grad, alpha=-rate)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, and what was noted for weights in place."""
        super().zero_grad(set_to_none)
        for product in self.products:
            product.forget()

    @property
    def products(self) -> list[InPlace]:
        """Products whose weights are trained in place."""
        found = (parameter for group in self.param_groups for parameter in group["params"])
        return [parameter.product for parameter in found if isinstance(parameter, PulsedWeight)]

"""Linear and convolutional layers with an open product."""

from __future__ import annotations

from torch import Tensor, nn

from pcmphys.nn.opened.edges import linear, product


class OpenLinear(nn.Linear):
    """`torch.nn.Linear` with converters at the edge of its product; the bias is added behind them."""

    def forward(self, input: Tensor) -> Tensor:  # the name is torch's
        """See `torch.nn.Linear`."""
        y = product(self, "weight", input, self.weight, linear)
        return y if self.bias is None else y + self.bias


class _OpenConvolution:
    """The forward that the open convolutions share."""

    def forward(self, input: Tensor) -> Tensor:
        """See the class of torch."""

        def convolved(x: Tensor, weight: Tensor) -> Tensor:
            return self._conv_forward(x, weight, None)

        y = product(self, "weight", input, self.weight, convolved)
        return y if self.bias is None else y + self.bias.reshape(-1, *[1] * len(self.kernel_size))


class OpenConv1d(_OpenConvolution, nn.Conv1d):
    """`torch.nn.Conv1d` with converters at the edge of its product."""


class OpenConv2d(_OpenConvolution, nn.Conv2d):
    """`torch.nn.Conv2d` with converters at the edge of its product."""

"""Networks that people cost chips with, by the shapes of their layers.

Convolutions are unfolded: k k channels in as rows, channels out as columns, one vector a position of the kernel. What a
network is known to have comes from its publication; where only its name is known the widths are usual ones, as said.
"""

from __future__ import annotations

from collections.abc import Callable

from pcmphys.chip.layers import LayerShape
from pcmphys.numerics import check

_GATES = 2.25
"""Digital operations for each of the 4 H outputs of an LSTM: five functions, three products and a sum a hidden unit."""


def convolution(name: str, channels: int, out: int, size: int, kernel: int = 3) -> LayerShape:
    """A convolution that gives images of size x size.

    Examples
    --------
    >>> convolution("conv", 64, 128, size=16)
    LayerShape(name='conv', rows=576, columns=128, vectors=256, operations=1.0, conductance=None)
    """
    return LayerShape(name, kernel * kernel * channels, out, size * size)


def lstm(name: str, inputs: int, hidden: int) -> LayerShape:
    """An LSTM whose input and hidden weights stand in one stack, for one step.

    Examples
    --------
    >>> lstm("lstm", 50, 504).columns
    2016
    """
    return LayerShape(name, inputs + hidden, 4 * hidden, operations=_GATES)


def _resnet9() -> list[LayerShape]:
    early = [("conv1", 3, 64, 32), ("conv2", 64, 128, 32), ("res1a", 128, 128, 16), ("res1b", 128, 128, 16)]
    late = [("conv3", 128, 256, 16), ("conv4", 256, 256, 8), ("res2a", 256, 256, 4), ("res2b", 256, 256, 4)]
    return [*(convolution(*one) for one in early + late), LayerShape("dense", 256, 10)]


def _resnet32() -> list[LayerShape]:
    found = [convolution("conv1", 3, 16, 32)]
    before = 16
    for stage, (width, size) in enumerate(((16, 32), (32, 16), (64, 8)), start=1):
        for k in range(10):
            found.append(convolution(f"conv{stage + 1}.{k + 1}", before, width, size))
            before = width
    return [*found, LayerShape("dense", 64, 10)]


def _lstm() -> list[LayerShape]:
    return [lstm("lstm", 50, 504), LayerShape("dense", 504, 50)]


def _keywords() -> list[LayerShape]:
    widths = (1960, 512, 512, 512, 12)
    return [LayerShape(f"dense{k + 1}", widths[k], widths[k + 1]) for k in range(4)]


def _perceptron() -> list[LayerShape]:
    return [LayerShape("dense1", 784, 256), LayerShape("dense2", 256, 128), LayerShape("dense3", 128, 10)]


NETWORKS: dict[str, tuple[Callable[[], list[LayerShape]], str]] = {
    "resnet-9": (_resnet9, "ResNet-9 for images of 32 x 32, usual widths of 64 to 256 (not those of a publication)"),
    "resnet-32": (_resnet32, "ResNet-32 for images of 32 x 32, widths 16, 32, 64 (He et al. 2016)"),
    "lstm": (_lstm, "LSTM of 504 units over 50 characters, one step (Penn Treebank on HERMES, from memory)"),
    "keywords": (_keywords, "keyword spotting, 1960-512-512-512-12 (Ambrogio 2023, from memory)"),
    "perceptron": (_perceptron, "784-256-128-10 (Gokmen and Vlasov 2016)"),
}
"""What makes each network, and what it is."""


def network(name: str) -> list[LayerShape]:
    """Layers of a network that is known by name.

    Raises
    ------
    ParameterError
        Another name (a near miss is suggested).

    Examples
    --------
    >>> sum(layer.weights for layer in network("resnet-32"))
    461872
    """
    make, _ = NETWORKS[check.choice("network", name, NETWORKS)]
    return make()

"""Fixed-point products: the same layers in digital arithmetic of so many bits, as the yardstick beside tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.matrix import Periphery
from pcmphys.nn.back_ends.product import Product
from pcmphys.nn.keeping import Arrays, packed, unpacked
from pcmphys.numerics import check
from pcmphys.numerics.product import product


class DigitalProduct(Product):
    """A product of rounded inputs with rounded weights, added without error."""

    def __init__(self, name: str, weights: np.ndarray, digital: Digital):
        weights = check.array(f"layer {name!r}: weights", weights, ndim=2)
        super().__init__(name, *weights.shape)
        self.digital: Digital = digital
        self._take(weights)

    def _take(self, weights: np.ndarray) -> None:
        self._exact = weights
        full = np.abs(weights).max(axis=0, keepdims=True)
        self._weights, _ = Periphery.quantise(weights, np.where(full > 0.0, full, 1.0), self.digital.weights)

    @property
    def made(self) -> dict[str, str]:
        """The arithmetic."""
        return {"cell": repr(self.digital)}

    def packed(self, place: str, arrays: Arrays) -> Any:
        """The weights as they were given."""
        return packed(self._exact, place, arrays)

    def unpacked(self, kept: Any, place: str, arrays: Arrays) -> Callable[[], None]:
        """See `Product.unpacked`."""
        weights = unpacked(kept, self._exact, place, arrays)
        return lambda: self._take(weights)

    @property
    def weights(self) -> np.ndarray:
        """Weights (inputs, outputs), rounded."""
        return self._weights

    @property
    def exact(self) -> np.ndarray:
        """Weights (inputs, outputs) as they were given."""
        return self._exact

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Products (batch, outputs) of input vectors (batch, inputs), in the type of the inputs."""
        full = np.abs(x).max(axis=1, keepdims=True, initial=0.0)
        rounded, _ = Periphery.quantise(x, np.where(full > 0.0, full, 1.0), self.digital.activations)
        return product(rounded, self._weights).astype(x.dtype)


@dataclass(frozen=True)
class Digital:
    """Fixed-point arithmetic in the place of a cell: ``convert(module, Digital(weights=8, activations=8))``.

    Symmetric around zero with 2^(bits - 1) - 1 steps on either side, a scale for each column of weights (its largest
    magnitude) and for each input vector; sums are exact.

    Parameters
    ----------
    weights, activations : int or None
        Bits, 2 to 24; None leaves them as they are.
    """

    weights: int | None = 8
    activations: int | None = 8

    def __post_init__(self) -> None:
        for name in ("weights", "activations"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check.integer(name, getattr(self, name), 2, 24))

    def __call__(self, name: str, weights: np.ndarray) -> DigitalProduct:
        """The product of a layer."""
        return DigitalProduct(name, weights, self)

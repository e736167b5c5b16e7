"""Layers of a network as a floorplan sees them: shapes of weight matrices, and how often each is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pcmphys.chip.devices import mean_conductance
from pcmphys.errors import ParameterError
from pcmphys.numerics import check

_MOST = 10**9


@dataclass(frozen=True)
class LayerShape:
    """One weight matrix of a network.

    Parameters
    ----------
    name : str
        What messages and tables call it.
    rows, columns : int
        Inputs and outputs: of a convolution, k k channels in and channels out; of an LSTM, inputs + hidden units and
        4 hidden units.
    vectors : int
        Input vectors for one sample: of a convolution, positions of its kernel; else 1.
    operations : float
        Digital operations for each output behind the product: 1 for an activation; for an LSTM 2.25 (five functions,
        three products and a sum for each four outputs).
    conductance : float, array_like, devices, look or AnalogMatrix, optional [S]
        Real conductances, of which the mean over devices counts; the chip's own mean by default.

    Raises
    ------
    ParameterError
        No rows or columns, no vectors, negative operations.

    Examples
    --------
    >>> LayerShape("conv1", 27, 64, vectors=1024).macs
    1769472
    """

    name: str
    rows: int
    columns: int
    vectors: int = 1
    operations: float = 1.0
    conductance: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip() or not self.name.isprintable():
            raise ParameterError(f"name of a layer must be text of one line; got {self.name!r}")
        of = f"layer {self.name!r}: "
        for key in ("rows", "columns", "vectors"):
            object.__setattr__(self, key, check.integer(f"{of}{key}", getattr(self, key), 1, _MOST))
        object.__setattr__(self, "operations", check.number(f"{of}operations", self.operations, "", 0.0))
        if self.conductance is not None:
            object.__setattr__(self, "conductance", mean_conductance(self.conductance, f"{of}conductance"))

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.rows * self.columns

    @property
    def macs(self) -> int:
        """Multiplications with addition for one sample; each counts as two operations."""
        return self.weights * self.vectors


def layers_of(shapes: Any) -> tuple[LayerShape, ...]:
    """Layers from what a user gives: `LayerShape`, (name, rows, columns[, vectors]), or any object with these names.

    Raises
    ------
    ParameterError
        Nothing there, something that is no layer, or two of one name.
    """
    if isinstance(shapes, str) or not isinstance(shapes, Iterable):
        raise ParameterError(f"shapes must be a sequence of layers (name, rows, columns, vectors); got {shapes!r}")
    found = tuple(_layer(k, shape) for k, shape in enumerate(shapes))
    if not found:
        raise ParameterError("shapes must hold at least one layer (name, rows, columns, vectors); got none")
    names: set[str] = set()
    for layer in found:
        if layer.name in names:
            raise ParameterError(f"shapes: two layers have the name {layer.name!r}; give each a name of its own")
        names.add(layer.name)
    return found


def _layer(k: int, shape: Any) -> LayerShape:
    if isinstance(shape, LayerShape):
        return shape
    if isinstance(shape, tuple | list):
        if not 3 <= len(shape) <= 4:
            raise ParameterError(f"shapes[{k}] must be (name, rows, columns, vectors); got {len(shape)} values")
        return LayerShape(*shape)
    if not all(hasattr(shape, key) for key in ("name", "rows", "columns")):
        raise ParameterError(
            f"shapes[{k}] must be (name, rows, columns, vectors) or have these as attributes; got "
            f"{type(shape).__name__}"
        )
    more = {key: getattr(shape, key) for key in ("vectors", "operations", "conductance") if hasattr(shape, key)}
    return LayerShape(shape.name, shape.rows, shape.columns, **more)

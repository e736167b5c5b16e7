"""What a network that learns in place has sent to its devices, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.nn.back_ends.in_place import InPlace
from pcmphys.nn.layer_table import DigitalPart, dataset_of, text_of
from pcmphys.nn.layers.base import AnalogLayer, kinds_of
from pcmphys.numerics.labelled import Labelled
from pcmphys.training import PulseCounts

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class PulsedLayer:
    """One matrix of weights that is trained in place.

    Attributes
    ----------
    name, kind : str
        Of the matrix, and the class of its layer.
    rows, columns, devices : int
        Inputs and outputs, and devices of all arrays that the rule has for them.
    updates, pulses : int
        Outer products so far, and steps of devices.
    saturated : float
        Fraction of the updates in which a line would have had to fire more often than in every slot.
    at_bounds : float
        Fraction of the devices that hold the weights and stand at a bound of their own.
    clipped : int
        Products, forward and backward, that left the range of their converter.
    energy : float [J]
        Of all pulses: V^2 G t with the mean conductance of now; NaN without a voltage.
    """

    name: str
    kind: str
    rows: int
    columns: int
    devices: int
    updates: int
    pulses: int
    saturated: float
    at_bounds: float
    clipped: int
    energy: float

    def __repr__(self) -> str:
        text = f"PulsedLayer({self.name!r}, {self.kind}, {self.rows} x {self.columns}"
        return f"{text}, {self.updates} updates, {self.pulses} pulses)"


@dataclass(frozen=True)
class LiveReport(Labelled):
    """What training in place has taken so far; ``print`` it, or make a table of it.

    Attributes
    ----------
    layers : tuple of PulsedLayer
        One a matrix of weights.
    digital : tuple of DigitalPart
        What is not on devices; its parameters are trained digitally.
    time : float [s]
        Lab clock: pulses and reads of the array that was busy longest.
    """

    layers: tuple[PulsedLayer, ...]
    digital: tuple[DigitalPart, ...]
    time: float

    def __repr__(self) -> str:
        return f"LiveReport({len(self.layers)} matrices, {self.pulses} pulses, time={self.time:.3g} s)"

    def __getitem__(self, name: str) -> PulsedLayer:
        """The line of a matrix by its name."""
        return {line.name: line for line in self.layers}[name]

    @property
    def pulses(self) -> int:
        """Steps of all devices."""
        return sum(line.pulses for line in self.layers)

    @property
    def energy(self) -> float:
        """Energy [J] of all pulses; NaN without a voltage."""
        return sum(line.energy for line in self.layers)

    def summary(self) -> str:
        """All of it as text, a line a matrix."""
        table = [("layer", "shape", "devices", "updates", "pulses", "saturated", "at bounds", "clipped", "energy [J]")]
        for line in self.layers:
            counted = (line.devices, line.updates, line.pulses)
            shares = (f"{100.0 * share:.3g} %" for share in (line.saturated, line.at_bounds))
            energy = "-" if np.isnan(line.energy) else f"{line.energy:.3g}"
            shape = f"{line.rows} x {line.columns}"
            table.append((line.name, shape, *map(str, counted), *shares, str(line.clipped), energy))
        return text_of(table, self.digital)

    def __str__(self) -> str:
        return self.summary()

    def to_dataset(self) -> xr.Dataset:
        """All of it as an `xarray.Dataset` with the axis layer, one place a matrix, units as attributes."""
        found = dataset_of("pcmphys report of training in place", self.layers, PulsedLayer, self.digital)
        return found.assign_attrs(time=self.time)


def pulsed_lines(layers: Mapping[str, AnalogLayer], voltage: float | None) -> tuple[PulsedLayer, ...]:
    """One line a matrix; a ``voltage`` [V] of the pulses gives their energy."""
    products = kinds_of(layers).items()  # one that layers share, once
    return tuple(_line(product, kind, voltage) for product, kind in products if isinstance(product, InPlace))


def _line(product: InPlace, kind: str, voltage: float | None) -> PulsedLayer:
    trained = product.matrix.trained
    counts: PulseCounts = trained.counts
    energy, at_bounds, devices = 0.0, [], 0
    for plane in trained.planes:
        own, pulse = plane.devices, plane.cell.parameters.pulse
        devices += own.size
        mean = float(own.conductance().mean()) if own.size else 0.0
        energy += plane.counts.pulses * mean * pulse.duration * (np.nan if voltage is None else voltage**2)
    for _, plane in trained.parts:
        own = plane.devices
        at_bounds.append((own.state.weight <= own.traits.low) | (own.state.weight >= own.traits.high))
    share = float(np.mean(at_bounds)) if devices else 0.0
    saturated = counts.saturated / max(counts.updates, 1)
    shape = (product.inputs, product.outputs, devices)
    return PulsedLayer(
        product.name, kind, *shape, counts.updates, counts.pulses, saturated, share, counts.clipped, energy
    )  # fmt: skip

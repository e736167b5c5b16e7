"""What there is to draw of one mushroom cell, taken from a look at it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcmphys.cells import MushroomPopulation
from pcmphys.cells.mushroom.look import MushroomLook
from pcmphys.physics import heat
from pcmphys.physics.heat import HeatFloats
from pcmphys.physics.state import SECTORS
from pcmphys.physics.thermal import shape
from pcmphys.plot.mushroom import selection


@dataclass(frozen=True)
class CellView:
    """One device as it stands; lengths [m]."""

    look: MushroomLook
    """At the device alone."""
    index: tuple[int, ...]

    @property
    def heater_radius(self) -> float:
        """Radius [m] of its heater."""
        return float(self.look.heater_radius)

    @property
    def layer_thickness(self) -> float:
        """Thickness [m] of the chalcogenide."""
        return self.look.cell.parameters.geometry.layer_thickness

    @property
    def rim(self) -> np.ndarray:
        """(16,) thickness [m] of the dome in each sector."""
        return self.look.amorphous_thickness

    @property
    def grains(self) -> list[np.ndarray]:
        """Per sector (n, 2): distance of each grain's centre from the heater's centre, and its radius [m]."""
        return [sector[~np.isnan(sector[:, 0])] for sector in self.look.grains]

    @property
    def grain_size(self) -> float:
        """Diameter [m] of the polycrystal's grains around the dome."""
        return self.look.cell.parameters.conduction.rim_grain

    @property
    def sector_conductance(self) -> np.ndarray:
        """(16,) [S] at low field, without the heater's series resistance."""
        return self.look.sector_conductance

    @property
    def filament(self) -> float:
        """Angle [rad] of the on-state's filament."""
        return float(self.look.filament)

    @property
    def projected(self) -> bool:
        """Whether there is a liner."""
        return self.look.cell.parameters.liner is not None

    @property
    def conductance(self) -> float:
        """[S] at the usual read voltage."""
        return float(self.look.conductance)

    @property
    def threshold(self) -> float:
        """[V]."""
        return float(self.look.threshold_voltage)

    @property
    def share(self) -> np.ndarray:
        """(16,) part of the current at low field that each sector carries."""
        return self.sector_conductance / self.sector_conductance.sum()

    @property
    def pair(self) -> tuple[int, int]:
        """The sector that carries most current, and the one opposite to it."""
        first = int(np.argmax(self.sector_conductance))
        return first, (first + SECTORS // 2) % SECTORS

    @functools.cached_property
    def heat(self) -> HeatFloats:
        """Parameters of the heat laws."""
        return self.look.cell.parameters.heat.pack()

    def rise(self, current: float) -> float:
        """Steady rise [K] of the heater's rim at a current [A], under the filament if it is on."""
        if not current:
            return 0.0
        own = float(self.look.thermal_resistance) / self.heat.thermal_resistance
        voltage, on = (part.item() for part in self.look.voltage(current))
        return heat.heater_rise(abs(current * voltage), current, bool(on), self.heat) * own

    def fall(self, rise: float, places: np.ndarray) -> np.ndarray:
        """Part of the hot spot's rise [K] at places in shells from the heater, for the dome as it stands."""
        parameters = self.look.cell.parameters
        melting = parameters.crystallization.melting_temperature - self.heat.ambient
        span = self.layer_thickness - self.heater_radius
        row = np.empty(shape.ROW)
        shapes = shape.table(parameters.geometry, parameters.heat)
        level = melting / rise if rise > 0.0 else 1.0
        shape.read_row(shape.SHELLS * float(self.rim.mean()) / span, level, shapes, row)
        return np.array([shape.profile(float(place), row) for place in places])


def middle(sector: int) -> float:
    """Angle [rad] of a sector's middle."""
    return (sector + 0.5) * 2.0 * np.pi / SECTORS


def view(devices: MushroomPopulation, index: int | Sequence[int]) -> CellView:
    """View of the device at ``index``; the population is left as it is."""
    place = selection.place(devices, index)
    return CellView(devices[place].now(), place)

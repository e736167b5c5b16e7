"""What there is to draw of one mushroom cell, taken from its state once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcmphys.cells import MushroomPopulation
from pcmphys.cells.mushroom import branch
from pcmphys.physics import heat, relaxation
from pcmphys.physics.conduction import laws as conduction
from pcmphys.physics.heat import HeatFloats
from pcmphys.physics.state import DOME_RESISTANCE, FILM_RESISTANCE, HEAT, RADIUS, SECTORS, SHUNT


@dataclass(frozen=True)
class CellView:
    """One device as it stands; lengths [m]."""

    twin: MushroomPopulation
    """The device alone, for whatever else is to be asked of it."""
    index: tuple[int, ...]
    heater_radius: float
    layer_thickness: float
    rim: np.ndarray
    """(16,) thickness of the dome in each sector."""
    grains: tuple[np.ndarray, ...]
    """Per sector (n, 2): distance of each grain's centre from the heater's centre, and its radius."""
    grain_size: float
    """Diameter of the polycrystal's grains around the dome."""
    sector_conductance: np.ndarray
    """(16,) [S] at low field, without the heater's series resistance."""
    filament: float
    """Angle [rad] of the on-state's filament."""
    projected: bool
    conductance: float
    """[S] at the usual read voltage."""
    threshold: float
    """[V]."""

    @property
    def share(self) -> np.ndarray:
        """(16,) part of the current at low field that each sector carries."""
        return self.sector_conductance / self.sector_conductance.sum()

    @property
    def pair(self) -> tuple[int, int]:
        """The sector that carries most current, and the one opposite to it."""
        first = int(np.argmax(self.sector_conductance))
        return first, (first + SECTORS // 2) % SECTORS

    @property
    def heat(self) -> HeatFloats:
        """Parameters of the heat laws."""
        return self.twin._floats.heat

    def rise(self, current: float) -> float:
        """Steady rise [K] of the heater's rim at a current [A] of the on-state, under the filament."""
        return heat.heater_rise(current, self.heat) * float(self.twin._state.device[0, HEAT]) if current else 0.0


def middle(sector: int) -> float:
    """Angle [rad] of a sector's middle."""
    return (sector + 0.5) * 2.0 * np.pi / SECTORS


def look(devices: MushroomPopulation, index: int | Sequence[int]) -> CellView:
    """View of the device at ``index``; the population is left as it is."""
    place = branch.flat_index(devices, index)
    twin = branch.block(devices, place, place + 1)
    twin._advance()
    conductance = float(twin.conductance()[0])
    state, p = twin._state, twin._floats
    radius = p.geometry.heater_radius * float(state.device[0, RADIUS])
    return CellView(
        twin=twin,
        index=tuple(int(k) for k in np.unravel_index(place, devices.shape)) if devices.shape else (),
        heater_radius=radius,
        layer_thickness=p.geometry.layer_thickness,
        rim=state.rim[0].astype(float),
        grains=tuple(state.grain[0, s, : state.count[0, s]].astype(float) for s in range(SECTORS)),
        grain_size=p.conduction.rim_grain,
        sector_conductance=_sector_conductance(state, p),
        filament=float(state.filament[0]),
        projected=bool(p.projected),
        conductance=conductance,
        threshold=float(twin.threshold_voltage()[0]),
    )


def _sector_conductance(state, p) -> np.ndarray:
    """Dome and films in series with their present drift, beside the liner's share."""
    ambient, reference = p.heat.ambient, p.conduction.reference_temperature
    parts = ((DOME_RESISTANCE, p.conduction.amorphous_activation), (FILM_RESISTANCE, p.conduction.boundary_activation))
    resistance = np.zeros(SECTORS)
    for k, (row, activation) in enumerate(parts):
        drift = relaxation.log_drift(state.order[0], float(state.exponent[0, k]), ambient, p.relaxation)
        factor = np.exp(drift) / conduction.activated(activation, ambient, reference)
        resistance += state.sector[0, row].astype(float) * factor
    return 1.0 / resistance + state.sector[0, SHUNT].astype(float)

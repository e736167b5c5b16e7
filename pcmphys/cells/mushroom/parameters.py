"""All parameters of a mushroom cell: one table of the parameter file for each effect."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.physics.conduction.laws import ConductionFloats, ConductionParameters
from pcmphys.physics.crystallization.rates import CrystallizationFloats, CrystallizationParameters
from pcmphys.physics.geometry import GeometryFloats, GeometryParameters
from pcmphys.physics.heat import HeatFloats, HeatParameters
from pcmphys.physics.liner import LinerFloats, LinerParameters
from pcmphys.physics.relaxation import RelaxationFloats, RelaxationParameters
from pcmphys.physics.switching import SwitchingFloats, SwitchingParameters
from pcmphys.physics.telegraph.laws import TelegraphFloats, TelegraphParameters
from pcmphys.physics.variability import VariabilityFloats, VariabilityParameters


class MushroomFloats(NamedTuple):
    """`MushroomParameters` for the laws; ``projected`` tells whether there is a liner."""

    geometry: GeometryFloats
    heat: HeatFloats
    crystallization: CrystallizationFloats
    conduction: ConductionFloats
    switching: SwitchingFloats
    relaxation: RelaxationFloats
    telegraph: TelegraphFloats
    variability: VariabilityFloats
    liner: LinerFloats
    projected: bool


@dataclass(frozen=True)
class ReadParameters:
    """How the cell is read, and what counts as its full scale."""

    conductance_minimum: float = field(
        metadata={
            "unit": "S",
            "low": 0.0,
            "doc": "least conductance that weights use; zero: that of a RESET, whatever it is",
        }
    )
    conductance_maximum: float = field(
        metadata={
            "unit": "S",
            "above": 0.0,
            "high": 0.1,
            "more_than": "conductance_minimum",
            "doc": "conductance of g = 1",
        }
    )
    reference_time: float = field(metadata={"unit": "s", "above": 0.0, "doc": "age at which programming is judged"})
    duration: float = field(metadata={"unit": "s", "above": 0.0, "doc": "duration of a read"})
    voltage: float = field(metadata={"unit": "V", "above": 0.0, "doc": "usual read voltage"})
    largest_voltage: float = field(
        metadata={"unit": "V", "above": 0.0, "at_least": "voltage", "doc": "reads up to here disturb nothing"}
    )


@dataclass(frozen=True)
class MushroomParameters:
    """Parameters of a mushroom cell, by effect."""

    read: ReadParameters
    geometry: GeometryParameters
    heat: HeatParameters
    crystallization: CrystallizationParameters
    conduction: ConductionParameters
    switching: SwitchingParameters
    relaxation: RelaxationParameters
    telegraph: TelegraphParameters
    variability: VariabilityParameters
    liner: LinerParameters | None = None

    @property
    def leads(self) -> float:
        """Resistance [ohm] in series with all phase-change material: heater, leads and access."""
        return self.heat.on_resistance + self.conduction.series_resistance

    @property
    def terminal_limit(self) -> float:
        """Voltage [V] at the terminals up to which the on-state is valid, whatever the dome."""
        return self.heat.on_voltage + self.leads * self.heat.largest_current

    def inconsistency(self) -> str | None:
        """What does not go together of different tables, in words; None if all does."""
        switching, heat = self.switching, self.heat
        span = self.geometry.layer_thickness - self.geometry.heater_radius
        largest = switching.threshold_offset + switching.threshold_field * span
        if heat.on_voltage >= largest:
            return (
                f"heat.on_voltage.value: expected below {largest:g} V, the threshold of a dome up to the top electrode "
                f"(switching.threshold_offset + switching.threshold_field x {span:g} m): no device would switch; got "
                f"{heat.on_voltage:g} V"
            )
        needed = heat.on_voltage + self.leads * heat.filling_current
        if needed > switching.compliance:
            return (
                f"conduction.series_resistance.value: expected leads through which switching.compliance = "
                f"{switching.compliance:g} V drives heat.filling_current; got {self.conduction.series_resistance:g} "
                f"ohm, which with the heater's {heat.on_resistance:g} ohm needs {needed:g} V"
            )
        fluid, melting = self.relaxation.fluid_temperature, self.crystallization.melting_temperature
        if not fluid < melting:
            return (
                f"relaxation.fluid_temperature.value: expected below crystallization.melting_temperature = {melting:g} "
                f"K; got {fluid:g} K"
            )
        return None

    def pack(self) -> MushroomFloats:
        """The numbers that the kernels need, as nested tuples of floats."""
        liner = LinerFloats(math.inf, math.inf) if self.liner is None else self.liner.pack()
        return MushroomFloats(
            self.geometry.pack(),
            self.heat.pack(),
            self.crystallization.pack(),
            self.conduction.pack(),
            self.switching.pack(),
            self.relaxation.pack(self.conduction.reference_temperature, self.heat.ambient),
            self.telegraph.pack(),
            self.variability.pack(),
            liner,
            self.liner is not None,
        )

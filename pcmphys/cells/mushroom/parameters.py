"""All parameters of a mushroom cell: one table of the parameter file for each effect."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.errors import ParameterError
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
        metadata={"unit": "S", "above": 0.0, "more_than": "conductance_minimum", "doc": "conductance of g = 1"}
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

    def __post_init__(self) -> None:
        fluid, melting = self.relaxation.fluid_temperature, self.crystallization.melting_temperature
        if not fluid < melting:
            raise ParameterError(
                f"relaxation.fluid_temperature must be a number in K below crystallization.melting_temperature = "
                f"{melting:g} K; got {fluid:g} K"
            )

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

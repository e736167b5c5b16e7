"""Growth and nucleation of crystals in the undercooled melt and glass.

Both follow from the driving force and from one viscosity (`viscosity`). Driving force, growth velocity and
steady-state nucleation are those of Burr et al.

Not modelled: transient nucleation, size-dependent growth, change of composition.

References
----------
G. W. Burr et al., J. Appl. Phys. 111, 104308 (2012); constants in the parameter files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.constants import BOLTZMANN
from pcmphys.numerics.compile import law
from pcmphys.physics.crystallization.viscosity import ViscosityFloats, ViscosityParameters, viscosity


@dataclass(frozen=True)
class CrystallizationParameters:
    """Material constants of growth and nucleation."""

    melting_temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "T_m"})
    monomer_volume: float = field(metadata={"unit": "m3", "above": 0.0, "doc": "v_m"})
    jump_distance: float = field(metadata={"unit": "m", "above": 0.0, "doc": "lambda"})
    heat_of_fusion: float = field(metadata={"unit": "J/m3", "above": 0.0, "doc": "Delta H_f"})
    interface_energy: float = field(metadata={"unit": "J/m2", "above": 0.0, "doc": "crystal-melt interface, s"})
    wetting_angle: float = field(metadata={"unit": "deg", "above": 0.0, "doc": "theta; 180 for nuclei in the bulk"})
    growth_factor: float = field(metadata={"unit": "1", "above": 0.0, "doc": "factor of the growth velocity"})
    nucleation_factor: float = field(metadata={"unit": "1", "low": 0.0, "doc": "factor of the nucleation rate"})
    viscosity: ViscosityParameters = field(metadata={"doc": "the melt's and the glass's"})

    def pack(self) -> CrystallizationFloats:
        """The same numbers as the laws take them."""
        c = math.cos(math.radians(self.wetting_angle))
        return CrystallizationFloats(
            self.melting_temperature,
            self.monomer_volume,
            self.jump_distance,
            self.heat_of_fusion,
            self.interface_energy,
            (2.0 - 3.0 * c + c**3) / 4.0,
            self.growth_factor,
            self.nucleation_factor,
            self.viscosity.pack(),
        )


class CrystallizationFloats(NamedTuple):
    """`CrystallizationParameters` for the laws; the angle as the factor f = (2 - 3 cos + cos^3) / 4."""

    melting_temperature: float
    monomer_volume: float
    jump_distance: float
    heat_of_fusion: float
    interface_energy: float
    wetting: float
    growth_factor: float
    nucleation_factor: float
    viscosity: ViscosityFloats


@law
def driving_force(temperature: float, p: CrystallizationFloats) -> float:
    """Free energy [J] that a monomer gains by crystallizing: dH_f v_m (T_m - T)/T_m T/T_m (Burr 2012)."""
    reduced = temperature / p.melting_temperature
    return p.heat_of_fusion * p.monomer_volume * (1.0 - reduced) * reduced


@law
def attachment_rate(temperature: float, p: CrystallizationFloats) -> float:
    """Rate [1/s] at which a monomer jumps across the interface: kT / (3 pi lambda^3 eta) (Burr 2012)."""
    return BOLTZMANN * temperature / (3.0 * math.pi * p.jump_distance**3 * viscosity(temperature, p.viscosity))


@law
def growth_velocity(temperature: float, p: CrystallizationFloats) -> float:
    """Velocity [m/s] of a crystal's surface: v_m^(1/3) gamma 2 sinh(dg / 2kT), large grains; negative above T_m.

    Examples
    --------
    Films of Ge2Sb2Te5 (Burr 2012) grow fastest at 727 K:

    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("gst225-film").parameters.crystallization.pack()
    >>> round(growth_velocity(727.0, p), 2)
    1.57
    """
    half = driving_force(temperature, p) / (2.0 * BOLTZMANN * temperature)
    return p.growth_factor * p.monomer_volume ** (1.0 / 3.0) * attachment_rate(temperature, p) * 2.0 * math.sinh(half)


@law
def nucleation_rate(temperature: float, p: CrystallizationFloats) -> float:
    """Steady-state rate of nuclei [1/(m3 s)]; zero from the melting temperature on.

    I = (4/v_m) gamma n_c^(2/3) Z exp(-dG_c/kT) with n_c = f (32 pi/3) v_m^2 s^3/dg^3,
    dG_c = f (16 pi/3) v_m^2 s^3/dg^2, Z = sqrt(dg / (6 pi kT n_c)) (Burr 2012).
    """
    gain = driving_force(temperature, p)
    if gain <= 0.0:
        return 0.0
    thermal = BOLTZMANN * temperature
    surface = p.wetting * (16.0 * math.pi / 3.0) * p.monomer_volume**2 * p.interface_energy**3
    barrier = surface / gain**2
    critical = 2.0 * surface / gain**3
    zeldovich = math.sqrt(gain / (6.0 * math.pi * thermal * critical))
    rate = 4.0 / p.monomer_volume * attachment_rate(temperature, p) * critical ** (2.0 / 3.0) * zeldovich
    return p.nucleation_factor * rate * math.exp(-barrier / thermal)

"""Conduction of the amorphous phase, of the polycrystal, and of their mixture.

Amorphous: hopping over barriers that the field lowers, ohmic at low field and exponential at high field. Polycrystal:
ohmic; its resistance sits in the films between grains, so that it grows as grains get smaller, and those films are
amorphous-like: they are activated and they drift (`pcmphys.physics.relaxation`). Mixture: symmetric effective medium of
the two.

Not modelled: Poole-Frenkel screening, field inside a film between grains, magnetoresistance.

References
----------
D. Ielmini, Y. Zhang, J. Appl. Phys. 102, 054517 (2007): the sinh law. D. A. G. Bruggeman, Ann. Phys. 416, 636 (1935):
effective medium with the percolation threshold at one third.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.numerics.compile import law


@dataclass(frozen=True)
class ConductionParameters:
    """Conductivities at the reference temperature, right after the quench, at low field."""

    reference_temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "temperature of the values below"})
    amorphous_conductivity: float = field(metadata={"unit": "S/m", "above": 0.0, "doc": "low-field, unrelaxed"})
    amorphous_activation: float = field(metadata={"unit": "eV", "above": 0.0, "doc": "E_a, unrelaxed"})
    hop_distance: float = field(metadata={"unit": "m", "above": 0.0, "doc": "distance between traps, dz"})
    crystal_conductivity: float = field(
        metadata={"unit": "S/m", "above": 0.0, "doc": "polycrystal of very large grains"}
    )
    boundary_length: float = field(
        metadata={"unit": "m", "low": 0.0, "doc": "grain diameter at which films double the resistance"}
    )
    rim_grain: float = field(metadata={"unit": "m", "above": 0.0, "doc": "grain diameter of what grew from the rim"})
    texture_spread: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "std of ln of the polycrystal's conductivity over sectors and melts"}
    )
    boundary_activation: float = field(metadata={"unit": "eV", "low": 0.0, "doc": "activation of the films"})
    series_resistance: float = field(
        metadata={"unit": "ohm", "low": 0.0, "doc": "leads and access, outside of the cell; does not drift"}
    )
    edge_conductance: float = field(
        metadata={"unit": "S", "low": 0.0, "doc": "leakage along the heater's edge under a closed dome; amorphous"}
    )

    def pack(self) -> ConductionFloats:
        """The same numbers as the laws take them."""
        return ConductionFloats(
            self.reference_temperature,
            self.amorphous_conductivity,
            self.amorphous_activation * ELEMENTARY_CHARGE,
            self.hop_distance,
            self.crystal_conductivity,
            self.boundary_length,
            self.rim_grain,
            self.texture_spread,
            self.boundary_activation * ELEMENTARY_CHARGE,
            self.series_resistance,
            self.edge_conductance,
        )


class ConductionFloats(NamedTuple):
    """`ConductionParameters` for the laws; energies in J."""

    reference_temperature: float
    amorphous_conductivity: float
    amorphous_activation: float
    hop_distance: float
    crystal_conductivity: float
    boundary_length: float
    rim_grain: float
    texture_spread: float
    boundary_activation: float
    series_resistance: float
    edge_conductance: float


@law
def activated(activation: float, temperature: float, reference: float) -> float:
    """Factor of a conductance that is activated by an energy [J], between a reference temperature and this one [K].

    Examples
    --------
    >>> round(activated(0.4 * 1.602176634e-19, 350.0, 300.0), 2)
    9.12
    """
    return math.exp(activation / BOLTZMANN * (1.0 / reference - 1.0 / temperature))


@law
def polycrystal(grain: float, p: ConductionFloats) -> float:
    """Conductivity [S/m] of a polycrystal with grains of a diameter [m]: sigma_c d / (d + d_b)."""
    return p.crystal_conductivity * grain / (grain + p.boundary_length)


@law
def texture(deviate: float, p: ConductionFloats) -> float:
    """Factor of a sector's crystalline conductivity that the grains' orientation makes: log-normal of mean one."""
    return math.exp(p.texture_spread * (deviate - 0.5 * p.texture_spread))


@law
def mixture(crystalline: float, amorphous_conductivity: float, crystal_conductivity: float) -> tuple[float, float]:
    """Effective conductivity [S/m] of a volume with the crystalline fraction X, and the amorphous phase's share of it.

    Root of X (s_c - s)/(s_c + 2 s) + (1 - X)(s_a - s)/(s_a + 2 s) = 0 (Bruggeman). The share is
    d ln s / d ln s_a: how much of a change of the amorphous conductivity is felt; the crystal feels the rest.

    Returns
    -------
    tuple of float
        Conductivity [S/m] and share in [0, 1].

    Examples
    --------
    Half crystalline, contrast of 1000: far above percolation, so nearly a quarter of the crystal's conductivity.

    >>> conductivity, share = mixture(0.5, 1.0, 1000.0)
    >>> round(conductivity, 1), round(share, 4)
    (252.2, 0.0088)
    """
    a, c, x = amorphous_conductivity, crystal_conductivity, crystalline
    b = (3.0 * x - 1.0) * c + (2.0 - 3.0 * x) * a
    root = math.sqrt(b * b + 8.0 * a * c)
    # below percolation b is negative: the other form of the root keeps all its digits
    value = 0.25 * (b + root) if b > 0.0 else 2.0 * a * c / (root - b)
    # d s / d a from the implicit equation 2 s^2 - b s - a c = 0
    share = a * ((2.0 - 3.0 * x) * value + c) / (root * value)
    return value, min(max(share, 0.0), 1.0)


@law
def field_voltage(thickness: float, temperature: float, p: ConductionFloats) -> float:
    """Voltage [V] over an amorphous layer of a thickness [m] at which conduction turns from ohmic to exponential.

    2 k T u_a / (q dz) of I = I_0 sinh(q V dz / (2 k T u_a)) (Ielmini & Zhang 2007); infinite for no layer's sake is
    avoided by one hop distance as the least thickness.

    Examples
    --------
    >>> from pcmphys.physics.conduction.laws import ConductionFloats
    >>> p = ConductionFloats(300.0, 0.3, 6.4e-20, 5e-9, 200.0, 1e-8, 2e-8, 0.5, 1e-20, 1e3, 0.0)
    >>> round(field_voltage(25e-9, 300.0, p), 4)
    0.2585
    """
    return 2.0 * BOLTZMANN * temperature * max(thickness, p.hop_distance) / (ELEMENTARY_CHARGE * p.hop_distance)

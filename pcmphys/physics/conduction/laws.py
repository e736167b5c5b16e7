"""Conduction of the amorphous phase, of the polycrystal, and of their mixture.

Amorphous: a low-field conductivity s, activated and drifting, and a law of the field F that the parameter file chooses
by its table: `hopping` between close traps or emission from isolated ones (`poole_frenkel`). Each is J = s F_0 f(F/F_0)
with a shape f and a field F_0 of its own. Polycrystal: ohmic; its resistance sits in the films between grains, so that
it grows as grains get smaller, and those films are amorphous-like: they are activated and they drift
(`pcmphys.physics.relaxation`). Mixture: symmetric effective medium of the two.

Not modelled: screening in the glass, field inside a film between grains, magnetoresistance, a law that changes with
temperature (hops of 2 nm at 85 K and 6 nm at 300 K are measured, arXiv:2210.14035).

References
----------
D. A. G. Bruggeman, Ann. Phys. 416, 636 (1935): effective medium with the percolation threshold at one third. Those of
the laws of the field are with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.errors import ParameterError
from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp_in_chains
from pcmphys.physics.conduction import hopping, poole_frenkel
from pcmphys.physics.conduction.hopping import HoppingParameters
from pcmphys.physics.conduction.poole_frenkel import PooleFrenkelParameters

_CHOICE = {"choice": "law of the amorphous phase's conduction"}


@dataclass(frozen=True)
class ConductionParameters:
    """Conductivities at the reference temperature, right after the quench, at low field; one law of the field."""

    reference_temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "temperature of the values below"})
    amorphous_conductivity: float = field(metadata={"unit": "S/m", "above": 0.0, "doc": "low-field, unrelaxed"})
    amorphous_activation: float = field(metadata={"unit": "eV", "above": 0.0, "doc": "E_a, unrelaxed"})
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
    hopping: HoppingParameters | None = field(default=None, metadata=_CHOICE)
    poole_frenkel: PooleFrenkelParameters | None = field(default=None, metadata=_CHOICE)

    def __post_init__(self) -> None:
        if (self.hopping is None) == (self.poole_frenkel is None):
            got = "none" if self.hopping is None else "both"
            raise ParameterError(f"conduction: expected one of its tables hopping and poole_frenkel; got {got}")

    @property
    def least_thickness(self) -> float:
        """Distance between traps [m]: no dome is thinner."""
        return self.poole_frenkel.trap_distance if self.hopping is None else self.hopping.hop_distance

    def pack(self) -> ConductionFloats:
        """The same numbers as the laws take them."""
        return ConductionFloats(
            self.reference_temperature,
            self.amorphous_conductivity,
            self.amorphous_activation * ELEMENTARY_CHARGE,
            self.crystal_conductivity,
            self.boundary_length,
            self.rim_grain,
            self.texture_spread,
            self.boundary_activation * ELEMENTARY_CHARGE,
            self.series_resistance,
            self.edge_conductance,
            self.least_thickness,
            self.poole_frenkel is not None,
            (self.hopping or self.poole_frenkel).field_factor,
        )


class ConductionFloats(NamedTuple):
    """`ConductionParameters` for the laws; energies in J.

    ``field_factor`` is F_0 over the temperature [V/(m K)], or in the law of Poole and Frenkel over its square.
    """

    reference_temperature: float
    amorphous_conductivity: float
    amorphous_activation: float
    crystal_conductivity: float
    boundary_length: float
    rim_grain: float
    texture_spread: float
    boundary_activation: float
    series_resistance: float
    edge_conductance: float
    least_thickness: float
    poole_frenkel: bool
    field_factor: float


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
    return exp_in_chains(p.texture_spread * (deviate - 0.5 * p.texture_spread))


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
def low_field(temperature: float, log_drift: float, p: ConductionFloats) -> float:
    """Low-field conductivity [S/m] of the glass at a temperature [K], with ln of what drift has raised its resistance.

    s = s_0 exp(E_a/k (1/T_0 - 1/T)) / D.
    """
    grown = activated(p.amorphous_activation, temperature, p.reference_temperature)
    return p.amorphous_conductivity * grown * math.exp(-log_drift)


@law
def bending_field(temperature: float, p: ConductionFloats) -> float:
    """Field F_0 [V/m] at which conduction turns from ohmic to exponential.

    2 k T / (q dz) of hopping, pi eps_0 eps_r (k T)^2 / q^3 of the law of Poole and Frenkel.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().conduction
    >>> round(1e-6 * bending_field(300.0, p), 3)
    8.617
    """
    return p.field_factor * (temperature * temperature if p.poole_frenkel else temperature)


@law
def conductivity_at(field: float, temperature: float, log_drift: float, p: ConductionFloats) -> float:
    """Conductivity J / F [S/m] of the glass at a field [V/m], a temperature [K] and a drift as in `low_field`.

    Examples
    --------
    Below 21 MV/m hops are ohmic within a factor three:

    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().conduction
    >>> [round(conductivity_at(f, 300.0, 0.0, p) / p.amorphous_conductivity, 3) for f in (1e3, 10e6, 20e6)]
    [1.0, 1.24, 2.173]
    """
    y = abs(field) / bending_field(temperature, p)
    grown = 1.0
    if y > 0.0:
        grown = (poole_frenkel.density(y) if p.poole_frenkel else hopping.density(y)) / y
    return grown * low_field(temperature, log_drift, p)


@law
def field_at(density: float, temperature: float, log_drift: float, p: ConductionFloats) -> float:
    """Field [V/m] in the glass at a current density [A/m2]: the inverse of F times `conductivity_at`.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().conduction
    >>> round(1e-6 * field_at(20e6 * conductivity_at(20e6, 300.0, 0.5, p), 300.0, 0.5, p), 12)
    20.0
    """
    scale = bending_field(temperature, p)
    j = abs(density) / (scale * low_field(temperature, log_drift, p))
    y = poole_frenkel.reduced_field(j) if p.poole_frenkel else hopping.reduced_field(j)
    return math.copysign(scale * y, density)


@law
def crowding_area(thickness: float, radius: float) -> float:
    """Area [m2] of which `crowding` is the part u^2, by itself so that one division can serve for more."""
    return 6.0 * radius * (radius + thickness) + 0.6 * thickness * thickness


@law
def crowding(thickness: float, radius: float) -> float:
    """Crowding v of the current in a hemispherical dome of a thickness [m] on a heater of a radius [m].

    Half the variance of the current density over its mean along the path from heater to rim is u^2 / (6 r (r + u));
    minus the mean of its logarithm, which rules at high field, is 2 (artanh(z)/z - 1) with z = u / (2 r + u). Both are
    u^2 / 6r^2 of thin domes; this is the second within 2.5 % up to u = 4 r.

    Examples
    --------
    >>> round(crowding(25e-9, 20e-9), 4)
    0.1082
    """
    return thickness * thickness / crowding_area(thickness, radius)


@law
def dome_voltage(ohmic: float, thickness: float, radius: float, temperature: float, p: ConductionFloats) -> float:
    """Voltage [V] over a hemispherical dome at a current, given as what the current would need at low field [V].

    ``ohmic`` is I (1/r - 1/(r + u)) / (2 pi s). The laws of the field say how close this is to the integral over
    shells. A dome is no thinner than the distance between two traps.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().conduction
    >>> round(dome_voltage(1e-3, 25e-9, 20e-9, 300.0, p), 6), round(dome_voltage(10.0, 25e-9, 20e-9, 300.0, p), 3)
    (0.001, 0.953)
    """
    bend = field_voltage(thickness, temperature, p)
    crowded = crowding(thickness, radius)
    j = ohmic / bend
    return bend * (poole_frenkel.drop(j, crowded) if p.poole_frenkel else hopping.drop(j, crowded))


@law
def field_voltage(thickness: float, temperature: float, p: ConductionFloats) -> float:
    """Voltage [V] over an amorphous layer of a thickness [m] at which conduction turns from ohmic to exponential.

    F_0 u, with the distance between traps as the least thickness, so that it is not zero for no layer.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().conduction
    >>> round(field_voltage(25e-9, 300.0, p), 4)
    0.2154
    """
    return bending_field(temperature, p) * max(thickness, p.least_thickness)

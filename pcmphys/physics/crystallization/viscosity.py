"""Viscosity of the undercooled melt, and of the glass below it.

Two forms of the melt are known here: Mauro's (MYEGA), and Vogel's. Below the glass point the structure is frozen and
the viscosity follows an Arrhenius law that joins the melt's.

References
----------
J. C. Mauro et al., PNAS 106, 19780 (2009), eq. 6: log10 eta = a + (12 - a)(T_g/T) exp[(m/(12 - a) - 1)(T_g/T - 1)].
G. W. Burr et al., J. Appl. Phys. 111, 104308 (2012), with the signs of both exponents reversed against the print, and
D times (T_g - T_fv)/(T - T_fv): eta = eta_g exp[D ((T_g - T_fv)/(T - T_fv) - 1)] above T_g.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.numerics.compile import law

MAURO_GLASS = 12.0
"""log10 of the viscosity [Pa s] that defines the glass transition of Mauro's form."""
_NEAREST = 1e-3
"""Least distance [K] from the temperature at which Vogel's form diverges; the viscosity there is beyond all numbers."""


@dataclass(frozen=True)
class MauroParameters:
    """Constants of Mauro's form."""

    fragility: float = field(metadata={"unit": "1", "above": 12.0, "doc": "slope of log10 viscosity at T_g, m"})
    log_infinite: float = field(metadata={"unit": "1", "doc": "log10 of the viscosity [Pa s] at infinite T, a"})


@dataclass(frozen=True)
class VogelParameters:
    """Constants of Vogel's form."""

    log_glass: float = field(metadata={"unit": "1", "doc": "log10 of the viscosity [Pa s] at T_g"})
    strength: float = field(metadata={"unit": "1", "above": 0.0, "doc": "D"})
    temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "T_fv, where the melt would freeze"})


@dataclass(frozen=True)
class ViscosityParameters:
    """Viscosity of one material; one of the two forms of the melt."""

    glass_temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "T_g"})
    glass_point: float = field(metadata={"unit": "K", "above": 0.0, "doc": "below it the Arrhenius law holds"})
    glass_activation: float = field(metadata={"unit": "eV", "above": 0.0, "doc": "activation of the viscosity there"})
    mauro: MauroParameters | None = None
    vogel: VogelParameters | None = None

    def pack(self) -> ViscosityFloats:
        """The same numbers as the laws take them."""
        energy = self.glass_activation * ELEMENTARY_CHARGE
        common = (self.glass_temperature, self.glass_point, energy)
        if self.mauro is not None:
            return ViscosityFloats(*common, False, self.mauro.log_infinite, self.mauro.fragility, 0.0)
        if self.vogel is not None:
            return ViscosityFloats(*common, True, self.vogel.log_glass, self.vogel.strength, self.vogel.temperature)
        raise ValueError("a viscosity needs its table mauro or its table vogel")


class ViscosityFloats(NamedTuple):
    """`ViscosityParameters` for the laws; ``level``, ``slope``, ``freezing`` are a, m, - or log10 eta_g, D, T_fv."""

    glass_temperature: float
    glass_point: float
    glass_activation: float
    vogel: bool
    level: float
    slope: float
    freezing: float


@law
def log_viscosity_melt(temperature: float, p: ViscosityFloats) -> float:
    """log10 of the melt's viscosity [Pa s] at a temperature [K], Mauro's or Vogel's form.

    Examples
    --------
    Mauro's form at its glass transition:

    >>> from pcmphys.physics.crystallization.viscosity import ViscosityFloats
    >>> log_viscosity_melt(450.0, ViscosityFloats(450.0, 450.0, 3e-19, False, -3.0, 100.0, 0.0))
    12.0
    """
    if p.vogel:
        reach = (p.glass_temperature - p.freezing) / max(temperature - p.freezing, _NEAREST)
        return p.level + p.slope * (reach - 1.0) / math.log(10.0)
    ratio = p.glass_temperature / temperature
    span = MAURO_GLASS - p.level
    return p.level + span * ratio * math.exp((p.slope / span - 1.0) * (ratio - 1.0))


@law
def viscosity(temperature: float, p: ViscosityFloats) -> float:
    """Viscosity [Pa s] at a temperature [K]; ``p`` is a `ViscosityFloats`.

    Examples
    --------
    >>> from pcmphys.physics.crystallization.viscosity import ViscosityFloats
    >>> p = ViscosityFloats(428.0, 428.0, 2.3 * 1.602176634e-19, True, 8.21748, 24.25, 393.0)
    >>> f"{viscosity(428.0, p):.3g}", f"{viscosity(900.0, p):.3g}"
    ('1.65e+08', '0.0259')
    """
    if temperature >= p.glass_point:
        return 10.0 ** log_viscosity_melt(temperature, p)
    arrhenius = p.glass_activation / BOLTZMANN * (1.0 / temperature - 1.0 / p.glass_point)
    return 10.0 ** log_viscosity_melt(p.glass_point, p) * math.exp(arrhenius)

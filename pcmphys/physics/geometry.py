"""Mushroom geometry: a hemispherical dome over a round heater, cut into equal sectors.

r is the distance from the heater's centre, u = r - r_h the distance from the heater's rim. The dome is cut into
`SECTORS` angular sectors that conduct in parallel, each with its own rim; currents between sectors are not modelled.

References
----------
Shape and dimensions: A. Sebastian et al., Nat. Commun. 8, 1115 (2017), as noted in the parameter files. Logistic curve
nearest to the normal distribution function: G. Camilli, J. Educ. Behav. Stat. 19, 293 (1994).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp_in_chains
from pcmphys.physics.state import SECTORS

_LOGISTIC = 1.702
"""Steepness of the logistic curve that stays within 0.0095 of the normal distribution function, the best there is."""


@dataclass(frozen=True)
class GeometryParameters:
    """Dimensions of the cell."""

    heater_radius: float = field(metadata={"unit": "m", "above": 0.0, "high": 1e-5, "doc": "radius of the heater, r_h"})
    layer_thickness: float = field(
        metadata={
            "unit": "m",
            "above": 0.0,
            "high": 1e-5,
            "more_than": "heater_radius",
            "doc": "thickness of the chalcogenide, L",
        }
    )
    front_roughness: float = field(
        metadata={"unit": "m", "low": 0.0, "doc": "std over sectors of the melt front's distance"}
    )
    front_memory: float = field(
        metadata={
            "unit": "1",
            "low": 0.0,
            "high": 1.0,
            "doc": "share of the front's variance that a device keeps from pulse to pulse",
        }
    )

    def pack(self) -> GeometryFloats:
        """The same numbers as the laws take them."""
        return GeometryFloats(
            self.heater_radius,
            self.layer_thickness,
            self.front_roughness,
            math.sqrt(1.0 - self.front_memory),
            math.sqrt(self.front_memory),
        )


class GeometryFloats(NamedTuple):
    """`GeometryParameters` for the laws; weights of what a pulse draws of the front and of what a device keeps."""

    heater_radius: float
    layer_thickness: float
    front_roughness: float
    cycle_weight: float
    device_weight: float


@law
def farthest_shift(p: GeometryFloats) -> float:
    """Bound [m] of `front_shift`: sqrt(3) times the roughness."""
    return math.sqrt(3.0) * p.front_roughness


@law
def front_shift(device: float, cycle: float, p: GeometryFloats) -> float:
    """Distance [m] by which one sector's melt front lies further out than the mean, from two normal deviates.

    A device's own deviate and the pulse's are summed up by their weights and made bounded, nearly uniform within
    sqrt(3) times the roughness (2 / (1 + e^(-1.702 z)) - 1 follows 2 Phi(z) - 1, Phi the normal
    distribution function, within 0.02): a
    front without bounds would leave open sectors in every hundredth dome.

    Examples
    --------
    >>> from pcmphys.physics.geometry import GeometryFloats
    >>> p = GeometryFloats(20e-9, 100e-9, 10e-9, 0.8, 0.6)
    >>> round(front_shift(0.0, 1.0, p) * 1e9, 2), round(front_shift(9.0, 9.0, p) * 1e9, 2)
    (10.25, 17.32)
    """
    deviate = p.device_weight * device + p.cycle_weight * cycle
    return farthest_shift(p) * (2.0 / (1.0 + exp_in_chains(-_LOGISTIC * deviate)) - 1.0)


@law
def shell_factor(inner: float, outer: float) -> float:
    """Resistance times conductivity [1/m] of one sector's shell between two radii [m]: S (1/inner - 1/outer) / 2 pi.

    Integral of dr / (2 pi r^2 sigma), times `SECTORS` because the sector has that part of the hemisphere.

    Examples
    --------
    A whole dome of 25 nm on a heater of 20 nm, 0.3 S/m: 14.7 Mohm.

    >>> round(shell_factor(20e-9, 45e-9) / 16 / 0.3 / 1e6, 1)
    14.7
    """
    return SECTORS / (2.0 * math.pi) * (outer - inner) / (inner * outer)


@law
def dome_volume(heater_radius: float, thickness: float) -> float:
    """Volume [m3] of the whole dome of a thickness [m], without the heater's half sphere: (2 pi/3)(r^3 - r_h^3).

    Examples
    --------
    >>> round(dome_volume(20e-9, 25e-9) * 1e27)
    174097
    """
    rim = heater_radius + thickness
    return (2.0 * math.pi / 3.0) * (rim * rim * rim - heater_radius * heater_radius * heater_radius)


@law
def grain_share(radius: float, centre: float, size: float) -> float:
    """Part in [0, 1] of one sector's shell at ``radius`` that a sphere of radius ``size`` at ``centre`` covers; [m].

    On the whole hemisphere a sphere covers 1 - (r^2 + r_k^2 - a_k^2) / (2 r r_k) of the shell at r; a sector is one
    part in `SECTORS`, and what does not fit into it is cut off.

    Examples
    --------
    A grain of 10 nm at 40 nm, seen on its own shell: 3.1 % of the hemisphere, half of its sector.

    >>> grain_share(40e-9, 40e-9, 10e-9)
    0.5
    """
    # grains are kept in single precision, whose squares would be too coarse for a mixture that is about to percolate
    centre, size = np.float64(centre), np.float64(size)
    share = 1.0 - (radius * radius + centre * centre - size * size) / (2.0 * radius * centre)
    return min(max(SECTORS * share, 0.0), 1.0)

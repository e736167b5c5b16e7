"""Projection liner: a conducting film under the dome that shunts what is amorphous.

The liner runs from the heater to the crystalline surroundings below the dome. Shell by shell it carries current in
parallel, and current enters and leaves it through the interface between the two films: a ladder whose rungs are the
interface and whose rails are chalcogenide and liner. What does not drift and has no traps takes most of the current,
so that drift, noise and contrast fall together.

Not modelled: temperature dependence of the liner, its heating, field-dependent interface.

References
----------
W. W. Koelmans et al., Nat. Commun. 6, 8181 (2015): projection. B. Kersting et al., Sci. Rep. 10, 8248 (2020),
abstract: the interface resistance matters. No published sheet resistance was at hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.numerics.compile import law
from pcmphys.physics.state import SECTORS


@dataclass(frozen=True)
class LinerParameters:
    """The liner; left out of a parameter file, the cell has none."""

    sheet_resistance: float = field(metadata={"unit": "ohm", "above": 0.0, "doc": "resistance of a square, R_s"})
    interface_resistance: float = field(
        metadata={"unit": "ohm m2", "above": 0.0, "doc": "resistance times area between liner and chalcogenide"}
    )

    def pack(self) -> LinerFloats:
        """The same numbers as the laws take them."""
        return LinerFloats(self.sheet_resistance, self.interface_resistance)


class LinerFloats(NamedTuple):
    """`LinerParameters` for the laws."""

    sheet_resistance: float
    interface_resistance: float


@law
def rail_resistance(inner: float, outer: float, p: LinerFloats) -> float:
    """Resistance [ohm] of one sector of the liner between two radii [m]: S R_s ln(outer/inner) / 2 pi.

    Examples
    --------
    >>> from pcmphys.physics.liner import LinerFloats
    >>> round(rail_resistance(20e-9, 45e-9, LinerFloats(1e4, 1e-10)) / 16)
    1291
    """
    return SECTORS * p.sheet_resistance * math.log(outer / inner) / (2.0 * math.pi)


@law
def rung_conductance(inner: float, outer: float, p: LinerFloats) -> float:
    """Conductance [S] between one sector's chalcogenide and liner over the ring between two radii [m].

    pi (outer^2 - inner^2) / (S rho_int).
    """
    return math.pi * (outer * outer - inner * inner) / (SECTORS * p.interface_resistance)


@law
def most(outer: float, factor: float, p: LinerFloats) -> float:
    """Conductance [S] that no liner of a device with an outer radius [m] adds to it, whatever lies above: A / 4 rho.

    What the liner carries at some radius has come in through the interface A_1 within it and leaves through A_2 beyond:
    at most 1 / (1/A_1 + 1/A_2) over the interface resistance rho, which A_1 = A_2 = A/2 makes largest. What it adds is
    a mean of what it carries along the way, weighted by the resistance that it leads past. ``factor`` is the device's
    own of both resistances.

    Examples
    --------
    >>> from pcmphys.physics.liner import LinerFloats
    >>> round(1e6 * most(100e-9, 1.0, LinerFloats(1e4, 4e-10)), 2)
    19.63
    """
    return math.pi * outer * outer / (4.0 * p.interface_resistance * factor)

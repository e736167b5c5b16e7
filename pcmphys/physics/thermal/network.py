r"""Network of shells: steady rise of the temperature between the heater and the top electrode.

A chain of nodes: the heater, which loses heat to what is below it by G_h; the core at the heater's edge r_h; shells up
to the top electrode, which is at the ambient temperature. Between two radii flows, per kelvin,

.. math:: g = (k + \chi k_{ox}) \, 2 \pi \frac{r r'}{r' - r},

with the conductivity k of the phase that is there (a shell that a boundary cuts is two in series) and a share chi of
the oxide around, and pi r_h k / len between core and heater. The core makes a fixed share of the heat, the shells the
rest, as a current that spreads makes it: in proportion to 1/r - 1/r'. Melt ends at a radius of its own, glass at that
of the dome, and beyond is crystal. Along a chain two sweeps are all there is to solve: outwards sum up the heat that
flows through, inwards the rise that drives it.

A filament that is hot and narrow carries heat through the glass along itself. How much of it is not known: ``column``
is 0 where the dome conducts as glass and 1 where it conducts as melt, with a straight line between.

References
----------
Equation and numbers are ours (E6 of the design): share of the core, its length, chi and G_h were fitted to a
finite-volume solution in two dimensions, see ``validation/heat_profile``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcmphys.physics.state import SHELLS


@dataclass(frozen=True)
class NetworkParameters:
    """Thermal conductivities, and what leads heat away beside the shells."""

    glass_conductivity: float = field(metadata={"unit": "W/(m K)", "above": 0.0, "doc": "of the glass, k_a"})
    crystal_conductivity: float = field(metadata={"unit": "W/(m K)", "above": 0.0, "doc": "of the crystal, k_c"})
    melt_conductivity: float = field(
        metadata={
            "unit": "W/(m K)",
            "above": 0.0,
            "at_least": "glass_conductivity",
            "doc": "of the melt, which conducts as a metal, k_melt",
        }
    )
    oxide_conductivity: float = field(metadata={"unit": "W/(m K)", "low": 0.0, "doc": "of the oxide around, k_ox"})
    oxide_share: float = field(metadata={"unit": "1", "low": 0.0, "doc": "of the oxide in parallel to a shell, chi"})
    heater_conductance: float = field(metadata={"unit": "W/K", "above": 0.0, "doc": "down through the heater, G_h"})
    core_length: float = field(
        metadata={"unit": "1", "above": 0.0, "doc": "between core and heater, over the heater's radius"}
    )
    core_share: float = field(
        metadata={"unit": "1", "low": 0.0, "high": 1.0, "doc": "part of the power that is heat of the core"}
    )
    column: float = field(
        metadata={
            "unit": "1",
            "low": 0.0,
            "high": 1.0,
            "doc": "how far the dome around a hot filament conducts heat as melt (1) rather than as glass (0)",
        }
    )

    @property
    def dome_conductivity(self) -> float:
        """Of a dome with a filament in it [W/(m K)]."""
        return self.glass_conductivity + self.column * (self.melt_conductivity - self.glass_conductivity)


class Heat(NamedTuple):
    """What one watt does; any number of domes and melts at once."""

    rise: np.ndarray
    """(..., 25) [K/W] at the core and at the end of each shell; the last is the top electrode's, zero."""
    heater: np.ndarray
    """Rise of the heater below the core [K/W]."""
    down: np.ndarray
    """Part of the heat that leaves by the heater."""
    up: np.ndarray
    """Part of the heat that leaves by the top electrode."""


def radii(radius: float, thickness: float) -> np.ndarray:
    """(25,) where shells begin and end [m], of a heater's radius and a layer's thickness [m]."""
    return np.linspace(radius, thickness, SHELLS + 1)


def solve(dome: np.ndarray, melt: np.ndarray, edges: np.ndarray, p: NetworkParameters) -> Heat:
    """Let one watt flow from core and shells to heater and top electrode.

    Parameters
    ----------
    dome, melt : array_like [m]
        How far from the heater's edge glass and melt go, the latter over the former; broadcast against each other.
    edges : ndarray (25,) [m]
        See `radii`.
    p : NetworkParameters

    Returns
    -------
    Heat

    Examples
    --------
    Printed conductivities and no dome, 100 nm above a heater of 20 nm: rise per microwatt at 20, 50 and 60 nm.

    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.heat.network
    >>> rise = solve(0.0, 0.0, radii(20e-9, 100e-9), p).rise
    >>> (1e-6 * rise[[0, 9, 12]]).round(2).tolist()
    [3.93, 1.36, 0.93]
    """
    dome, melt = np.broadcast_arrays(np.asarray(dome, dtype=float), np.asarray(melt, dtype=float))
    resistance = _resistances(dome[..., None], melt[..., None], edges, p)
    made = _sources(edges, p.core_share)
    core = np.where(melt > 0.0, p.melt_conductivity, np.where(dome > 0.0, p.glass_conductivity, p.crystal_conductivity))
    link = math.pi * edges[0] * core / p.core_length
    loss = 1.0 / (1.0 / link + 1.0 / p.heater_conductance)
    # outwards: all that is made further in, less what the heater takes, which in turn is the core's rise times a loss
    through = np.cumsum(made[:-1])
    free = (resistance * through).sum(axis=-1)
    down = loss * free / (1.0 + loss * resistance.sum(axis=-1))
    flow = through - down[..., None]
    # inwards: what drives the flow
    drops = resistance * flow
    rise = np.zeros((*drops.shape[:-1], SHELLS + 1))
    rise[..., :-1] = np.cumsum(drops[..., ::-1], axis=-1)[..., ::-1]
    return Heat(rise, down / p.heater_conductance, down, flow[..., -1] + made[-1])


def _resistances(dome: np.ndarray, melt: np.ndarray, edges: np.ndarray, p: NetworkParameters) -> np.ndarray:
    """Of each shell [K/W], with the phases of its parts in series."""
    molten = edges[0] + melt
    glassy = np.maximum(edges[0] + dome, molten)
    phases = (
        (np.minimum(edges, molten), p.melt_conductivity),
        (np.clip(edges, molten, glassy), p.dome_conductivity),
        (np.maximum(edges, glassy), p.crystal_conductivity),
    )
    around = p.oxide_share * p.oxide_conductivity
    return sum(-np.diff(1.0 / places, axis=-1) / (2.0 * math.pi * (k + around)) for places, k in phases)


def _sources(edges: np.ndarray, core: float) -> np.ndarray:
    """(25,) heat of each node for one watt: half of a shell's goes to either end."""
    shells = -np.diff(1.0 / edges)
    half = 0.5 * (1.0 - core) * shells / shells.sum()
    made = np.zeros(edges.size)
    made[0] = core
    made[:-1] += half
    made[1:] += half
    return made

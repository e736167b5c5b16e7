"""Heat of one watt around a heater, by finite volumes in two dimensions, with the axis of the cell as that of rotation.

A pillar of radius r_h in oxide, chalcogenide above, the top electrode above that; the pillar's foot and the top
electrode are at the ambient temperature, the wall far off and the oxide's lower end let no heat through. Current flows
from the pillar's end, an equipotential, to the top electrode through a conductor that is the same everywhere; its Joule
heat is the source. Thermal conductivities depend on the phase alone: melt within one half sphere, glass within another,
crystal beyond.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

LORENZ = 2.44e-8
"""Of Wiedemann and Franz [V2/K2]."""
MEAN_TEMPERATURE = 500.0
"""At which the pillar conducts heat [K]: between the ambient and what drives growth and melting."""
PILLAR = 100e-9
"""Height of the pillar [m]."""


@dataclass(frozen=True)
class Cell:
    """Geometry of a cell and its grid, squares of a width [m]; ``network`` are its thermal conductivities.

    The pillar conducts heat as a metal of its ``resistance`` [ohm].
    """

    radius: float
    thickness: float
    resistance: float
    network: Any
    width: float = 2e-9
    wall: float = 260e-9
    kept: dict = field(default_factory=dict, compare=False)

    @cached_property
    def r(self) -> np.ndarray:
        """(n,) distance of the volumes' middles from the axis [m]."""
        return self.width * (np.arange(round(self.wall / self.width)) + 0.5)

    @cached_property
    def z(self) -> np.ndarray:
        """(m,) height of the volumes' middles above the pillar's end [m]."""
        below, above = round(PILLAR / self.width), round(self.thickness / self.width)
        return self.width * (np.arange(-below, above) + 0.5)

    @cached_property
    def apart(self) -> np.ndarray:
        """(m, n) distance of the volumes' middles from the middle of the pillar's end [m]."""
        return np.hypot(self.z[:, None], self.r)

    @cached_property
    def heat(self) -> np.ndarray:
        """(m, n) Joule heat of each volume [W], one watt in all."""
        above = self.z > 0.0
        kind = np.ones((above.sum(), self.r.size))
        matrix, top, bottom = self._conductances(kind, bottom=self.r < self.radius)
        potential = linalg.spsolve((matrix + sparse.diags(top + bottom)).tocsc(), bottom)
        made = np.zeros(potential.size)
        # of each conductance, half to the volumes at its ends; all to the one next to an electrode
        one, other, value = sparse.find(sparse.triu(-matrix, 1))
        power = value * (potential[one] - potential[other]) ** 2
        np.add.at(made, one, 0.5 * power)
        np.add.at(made, other, 0.5 * power)
        made += top * potential**2 + bottom * (1.0 - potential) ** 2
        found = np.zeros((self.z.size, self.r.size))
        found[above] = made.reshape(kind.shape) / made.sum()
        return found

    def rise(self, dome: float, melt: float) -> np.ndarray:
        """(m, n) rise of each volume [K/W]."""
        if (dome, melt) not in self.kept:
            matrix, top, bottom = self._conductances(self._conductivity(dome, melt), bottom=self.r < self.radius)
            found = linalg.spsolve((matrix + sparse.diags(top + bottom)).tocsc(), self.heat.ravel())
            self.kept[dome, melt] = found.reshape(self.heat.shape), float(top @ found), float(bottom @ found)
        return self.kept[dome, melt][0]

    def leaving(self, dome: float, melt: float) -> tuple[float, float]:
        """Parts of the heat that leave by the top electrode, and below."""
        self.rise(dome, melt)
        return self.kept[dome, melt][1:]

    def at(self, distance: float, dome: float, melt: float) -> float:
        """Mean rise over a half sphere in the chalcogenide [K/W], of a distance [m] from the pillar's middle."""
        from scipy.interpolate import RegularGridInterpolator

        value = RegularGridInterpolator((self.z, self.r), self.rise(dome, melt), bounds_error=False, fill_value=None)
        cosine = (np.arange(60) + 0.5) / 60  # equal areas
        return float(value(np.stack([distance * cosine, distance * np.sqrt(1.0 - cosine**2)], axis=1)).mean())

    def _conductivity(self, dome: float, melt: float) -> np.ndarray:
        p = self.network
        molten = self.radius + melt if melt > 0.0 else 0.0
        glassy = self.radius + dome if dome > 0.0 else 0.0
        found = np.where(self.apart < glassy, p.glass_conductivity, p.crystal_conductivity)
        found = np.where(self.apart < molten, p.melt_conductivity, found)
        metal = LORENZ * MEAN_TEMPERATURE / self.resistance * PILLAR / (np.pi * self.radius**2)
        below = np.where(self.r < self.radius, metal, p.oxide_conductivity)
        return np.where(self.z[:, None] > 0.0, found, below)

    def _conductances(self, kind: np.ndarray, bottom: np.ndarray):
        """Matrix between volumes of a conductivity (rows, n), and to what is above and (where ``bottom``) below."""
        rows, columns = kind.shape
        face = 2.0 * np.pi * self.r * self.width  # of a ring, seen from above
        edge = 2.0 * np.pi * (self.r[:-1] + 0.5 * self.width) * self.width
        across = edge / self.width * 2.0 * kind[:, :-1] * kind[:, 1:] / (kind[:, :-1] + kind[:, 1:])
        along = face / self.width * 2.0 * kind[:-1] * kind[1:] / (kind[:-1] + kind[1:])
        node = np.arange(rows * columns).reshape(rows, columns)
        one = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
        other = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
        value = np.concatenate([across.ravel(), along.ravel()])
        half = sparse.coo_matrix((value, (one, other)), shape=(node.size, node.size))
        both = half + half.T
        matrix = sparse.diags(np.asarray(both.sum(axis=1)).ravel()) - both
        ends = np.zeros((2, rows, columns))
        ends[0, -1] = 2.0 * face / self.width * kind[-1]
        ends[1, 0] = np.where(bottom, 2.0 * face / self.width * kind[0], 0.0)
        return matrix.tocsr(), ends[0].ravel(), ends[1].ravel()

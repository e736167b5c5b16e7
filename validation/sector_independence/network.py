"""The structure of devices as shells and sectors, written down apart from the kernels, and its resistor network.

A node stands in the middle of each shell of each sector. Radial resistors are the model's: half a shell on either side
of a node, the heater before the first and the top electrode behind the last. Lateral resistors join neighbouring
sectors of one shell, in a ring of sixteen. For them the hemisphere is cut into wedges (slices of an orange, about the
axis of the cell): two neighbours share a face of area (pi/4)(r2^2 - r1^2), and their shells, at a mean
distance of (pi/4) r from the axis, are (pi/4) r (2 pi/16) apart. Area over distance is (16/pi)(r2 - r1), whatever
the radius. Wedges meet at the axis, where the true factor has no bound; so the factor is varied, up to shells that are
equipotentials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from pcmphys.physics.state import SECTORS, SHELLS

LATERAL = 16.0 / np.pi
"""Area over distance between neighbouring sectors, over the shell's width."""
RADIUS, CRYSTAL, AMORPHOUS = 0, 3, 4
"""Columns of a device's own factors."""


@dataclass(frozen=True)
class Structure:
    """Shells and sectors of one device: amorphous part, crystal conductivity [S/m], radial factor [1/m], width [m]."""

    amorphous_part: np.ndarray
    crystal: np.ndarray
    amorphous: float
    factor: np.ndarray
    width: float
    series: float


def structure(look, i: int) -> Structure:
    """Structure of device i of a look, from its rims and grains."""
    p, state = look.cell.parameters, look.state
    own = state.device[i].astype(float)
    radius = p.geometry.heater_radius * own[RADIUS]
    width = (p.geometry.layer_thickness - radius) / SHELLS
    inner = radius + width * np.arange(SHELLS)
    rim, grain, count = state.rim[i].astype(float), state.grain[i].astype(float), state.count[i]
    inside = np.clip((rim - (inner[:, None] - radius)) / width, 0.0, 1.0)  # (shells, sectors)
    covered, size = _grains(grain, count, inner[:, None] + 0.5 * inside * width, p.conduction.rim_grain)
    size = np.where(inside > 0.0, size, p.conduction.rim_grain)
    crystal = p.conduction.crystal_conductivity * size / (size + p.conduction.boundary_length)
    return Structure(
        amorphous_part=inside * (1.0 - covered),
        crystal=crystal * own[CRYSTAL] * state.texture[i].astype(float),
        amorphous=p.conduction.amorphous_conductivity * own[AMORPHOUS],
        factor=SECTORS / (2.0 * np.pi) * (1.0 / inner - 1.0 / (inner + width)),
        width=width,
        series=p.leads,
    )


def _grains(grain: np.ndarray, count: np.ndarray, radius: np.ndarray, rim_grain: float):
    """Covered part and mean grain diameter [m] of each shell and sector; ``grain`` (sectors, grains, 2)."""
    there = np.arange(grain.shape[1]) < count[:, None]
    centre, size = np.where(there, grain[..., 0], 1.0), np.where(there, grain[..., 1], 0.0)
    r = radius[..., None]
    share = 1.0 - (r**2 + centre**2 - size**2) / (2.0 * r * centre)
    share = np.where(there, np.clip(SECTORS * share, 0.0, 1.0), 0.0)
    weight = share.sum(axis=-1)
    mean = (share * 2.0 * size).sum(axis=-1) / np.where(weight > 0.0, weight, 1.0)
    return 1.0 - (1.0 - share).prod(axis=-1), np.where(weight > 0.0, mean, rim_grain)


def conductivity(body: Structure, dome: float = 1.0, films: float = 1.0) -> np.ndarray:
    """Conductivity [S/m] of each shell and sector (Bruggeman), with both phases scaled by drift."""
    a, c, x = body.amorphous * dome, body.crystal * films, 1.0 - body.amorphous_part
    b = (3.0 * x - 1.0) * c + (2.0 - 3.0 * x) * a
    root = np.sqrt(b * b + 8.0 * a * c)
    return np.where(b > 0.0, 0.25 * (b + root), 2.0 * a * c / np.where(b > 0.0, 1.0, root - b))


def independent(body: Structure, sigma: np.ndarray) -> float:
    """Conductance [S] with sectors in parallel, each its shells in series; without the series resistance."""
    return float((1.0 / (body.factor[:, None] / sigma).sum(axis=0)).sum())


def equipotential(body: Structure, sigma: np.ndarray) -> float:
    """Conductance [S] if every shell is an equipotential: shells in series, each its sectors in parallel."""
    return float(1.0 / (1.0 / (sigma / body.factor[:, None]).sum(axis=1)).sum())


def network(body: Structure, sigma: np.ndarray, lateral: float) -> float:
    """Conductance [S] of the network; ``lateral`` multiplies the lateral factor."""
    node = np.arange(SHELLS * SECTORS).reshape(SHELLS, SECTORS)
    resistance = body.factor[:, None] / sigma
    radial = 2.0 / (resistance[:-1] + resistance[1:])
    right = np.roll(sigma, -1, axis=1)
    around = lateral * LATERAL * body.width * 2.0 * sigma * right / (sigma + right)
    heater, top = 2.0 / resistance[0], 2.0 / resistance[-1]
    one = np.concatenate([node[:-1].ravel(), node.ravel()])
    other = np.concatenate([node[1:].ravel(), np.roll(node, -1, axis=1).ravel()])
    value = np.concatenate([radial.ravel(), around.ravel()])
    diagonal = np.zeros(node.size)
    np.add.at(diagonal, one, value)
    np.add.at(diagonal, other, value)
    diagonal[node[0]] += heater
    diagonal[node[-1]] += top
    rows, columns = np.concatenate([one, other, node.ravel()]), np.concatenate([other, one, node.ravel()])
    matrix = sparse.csc_matrix((np.concatenate([-value, -value, diagonal]), (rows, columns)))
    drive = np.zeros(node.size)
    drive[node[0]] = heater
    voltage = linalg.spsolve(matrix, drive)
    return float((heater * (1.0 - voltage[node[0]])).sum())


def with_series(conductance: float, body: Structure) -> float:
    """Conductance [S] behind the heater and the leads."""
    return 1.0 / (1.0 / conductance + body.series)

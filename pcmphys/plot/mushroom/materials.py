"""A polycrystal to look at."""

from __future__ import annotations

import numpy as np

from pcmphys.plot import style


def grain_pattern(x: np.ndarray, y: np.ndarray, size: float) -> tuple[list[np.ndarray], np.ndarray]:
    """Polygons that fill a rectangle as grains of a mean diameter do, and a shade for each.

    ``x`` and ``y`` are the rectangle's limits, in the units of ``size``. Decoration, always the same.
    """
    from scipy.spatial import Voronoi

    rng = np.random.default_rng(2)
    # cells of points that repel each other a little look like grains: a jittered grid, two grains beyond the border
    columns = np.arange(x[0] - 2 * size, x[1] + 2.5 * size, size)
    rows = np.arange(y[0] - 2 * size, y[1] + 2.5 * size, size)
    points = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    points += rng.uniform(-0.38, 0.38, points.shape) * size
    found = Voronoi(points)
    whole = [region for region in (found.regions[k] for k in found.point_region) if region and -1 not in region]
    shades = [style.GRAINS[k] for k in rng.integers(len(style.GRAINS), size=len(whole))]
    return [found.vertices[region] for region in whole], shades

"""What the calibration of the 90 nm cell saw of its data, and what was held out of it."""

from __future__ import annotations

import functools
import pathlib

import numpy as np

from pcmphys.fit import CalibrationPlan, read_calibration

PLAN = pathlib.Path(__file__).parents[1] / "data" / "ibm-90nm-calibration.toml"


@functools.cache
def plan() -> CalibrationPlan:
    """The calibration, as its file describes it."""
    return read_calibration(PLAN)


def seen(quantity: str, places: np.ndarray) -> np.ndarray:
    """Which of the places [S, or pulses], all of them in the file of the calibration, the shipped cell was fitted to.

    Raises
    ------
    ValueError
        A place that is not in the file: it was neither seen nor held out.
    """
    experiment = next(one for one in plan().experiments if quantity in one.targets)
    x, used = np.asarray(experiment.x), experiment.targets[quantity].used
    nearest = np.abs(np.asarray(places)[:, None] - x).argmin(axis=1)
    if not np.allclose(x[nearest], places, rtol=1e-3):
        raise ValueError(f"{quantity}: {places} are not all in {PLAN.name}")
    return used[nearest]

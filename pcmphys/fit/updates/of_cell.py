"""The updates of a physical cell: its devices are pulsed, and what they do becomes a jump table."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import root
from scipy.stats import norm

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.fit.updates.build import filled, table_numbers, technology_of
from pcmphys.fit.updates.given import split
from pcmphys.fit.updates.tables import tabulated
from pcmphys.numerics import check
from pcmphys.programming import Pulse

_BINS, _FRESH_BINS = 24, 2
_TWINS = 10_000
"""Devices at least by which the new cell is compared with the old one."""
_RESET = Pulse(current=440e-6, width=1e-6, fall=5e-9)
"""Melts the dome of a 90 nm cell, as its sources do."""


def updates_of(
    cell: Any,
    pulse: Pulse,
    *,
    reset: Pulse = _RESET,
    pulses: int = 30,
    devices: int = 4000,
    seed: int = 0,
    name: str | None = None,
) -> PulsedCell:
    """Make a cell that can be trained of a physical one: its steps by a pulse, as a jump table.

    Parameters
    ----------
    cell : MushroomCell
        Any cell whose devices take pulses by ``apply``.
    pulse : Pulse
        What each update sends: a SET pulse that crystallizes a part.
    reset : Pulse
        What a RESET sends; also where the devices start.
    pulses : int
        Of a train; at least eight.
    devices : int
        How many are watched; at least ten.
    seed : int
        Of these devices.
    name : str, optional
        Of the new cell; that of the old one with "-updates" by default.

    Returns
    -------
    PulsedCell
        One-sided: it goes up by the pulse and back by a RESET.

    Raises
    ------
    ParameterError
        A cell whose devices take no pulses, or pulses that do not raise the conductance.

    Notes
    -----
    The table holds the distribution of steps at a conductance, over devices and pulses; the first pulse after a RESET
    has a distribution of its own, as a device fresh from the melt steps by less (in one case by 3.1 uS, where those
    that were pulsed before step by 3.9 uS from the same conductance). What a step depends on besides (which device,
    what stands inside of it) is averaged, and what that costs is measured and noted in the new cell: means after each
    of thirty pulses of `ibm-90nm-doped-gst` are 4 to 6 % off at most, by the devices watched, stds over devices 9 to
    11 % (without the distribution of first pulses the first mean was off by 12 %). Devices keep nothing for life.
    Drift, read noise and temperature of the physical cell are left out.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> physical = pcm.load_cell("ibm-90nm-doped-gst")
    >>> dev = pcm.fit.updates_of(physical, pcm.Pulse(current=100e-6, width=50e-9), pulses=10, devices=200)
    >>> dev.one_sided, dev.name
    (True, 'ibm-90nm-doped-gst-updates')
    """
    if not callable(getattr(cell, "population", None)) or isinstance(cell, PulsedCell):
        raise ParameterError(f"cell must be one whose devices take pulses, such as a MushroomCell; got {cell!r}")
    for what, given in (("pulse", pulse), ("reset", reset)):
        if not isinstance(given, Pulse):
            raise ParameterError(f"{what} must be a Pulse; got {type(given).__name__}")
    pulses = check.integer("pulses", pulses, 8)
    count = check.integer("devices", devices, 10)
    reads = _reads(cell, pulse, reset, (pulses, count, check.integer("seed", seed, 0)))
    numbers, up = np.arange(pulses + 1.0), np.ones(pulses + 1)
    first, _ = split(numbers[:2], reads[:2], up[:2])
    later, _ = split(numbers[1:], reads[1:], up[1:])
    high = float(reads.max())
    title = f"updates of {cell.name}, as a jump table"
    mean, noise = _unclipped(float(reads[0].mean()) / high, float(reads[0].std()) / high)
    given = {
        "window.conductance_minimum": (0.0, "nothing conducts less"),
        "window.conductance_maximum": high,
        "window.weight_minimum": (0.0, "weights are parts of the largest conductance seen"),
        "window.weight_maximum": (1.0, "weights are parts of the largest conductance seen"),
        "pulse.duration": (float(pulse.duration), "of the pulse that was sent"),
        "pulse.one_sided": (1.0, "back by a RESET"),
        "read.voltage": (float(cell.read_voltage), f"as of {cell.name}"),
        "read.duration": (1e-7, "order of an integration time of a tile"),
        "reset.weight": mean,
        "reset.noise": noise,
        **table_numbers(tabulated(later, _BINS), None, high, 0.0, tabulated(first, _FRESH_BINS)),
    }
    seen = f"{count} devices of {cell.name}, {pulses} pulses each after a RESET; an average over what a device keeps."
    named = f"{cell.name.split(' ')[0]}-updates" if name is None else name
    made = PulsedCell(*filled(technology_of(named, title, given, title, (seen,))))
    return PulsedCell(*filled(technology_of(named, title, given, title, (seen, _distance(made, reads)))))


def _distance(made: PulsedCell, reads: np.ndarray) -> str:
    """How far the staircase of the table is from the one it was made of, in words."""
    twin = made.population(max(reads.shape[1], _TWINS))
    twin.reset()
    walked = []
    for _ in reads[1:]:
        twin.pulse(+1)
        walked.append(twin.conductance())
    mean = np.abs(np.mean(walked, axis=1) / reads[1:].mean(axis=1) - 1.0)
    std = np.abs(np.std(walked, axis=1) / reads[1:].std(axis=1) - 1.0)
    return (
        f"Against these devices, the mean staircase of this cell is off by up to {100.0 * mean.max():.1f} % (after "
        f"pulse {mean.argmax() + 1}), the std over devices by up to {100.0 * std.max():.0f} %: a table knows the "
        "conductance and whether a pulse is the first after a RESET, and no more of what came before."
    )


def _reads(cell: Any, pulse: Pulse, reset: Pulse, numbers: tuple[int, int, int]) -> np.ndarray:
    """Conductances [S] after a RESET and after each pulse, (pulses + 1, devices)."""
    pulses, count, seed = numbers
    population = cell.population(count, seed=seed)
    if not hasattr(population, "apply"):
        raise ParameterError(f"cell must be one whose devices take pulses, such as a MushroomCell; got {cell!r}")
    population.apply(reset)
    reads = [population.conductance()]
    for _ in range(pulses):
        population.apply(pulse)
        reads.append(population.conductance())
    return np.array(reads)


def _unclipped(mean: float, std: float) -> tuple[float, float]:
    """Mean and std of a normal number that has these once what is below zero counts as zero."""
    if std == 0.0 or mean > 4.0 * std:
        return max(mean, 0.0), std

    def off(given):
        centre, width = given[0], abs(given[1])
        z = centre / width
        first = centre * norm.cdf(z) + width * norm.pdf(z)
        second = (centre**2 + width**2) * norm.cdf(z) + centre * width * norm.pdf(z)
        return [first - mean, np.sqrt(max(second - first**2, 0.0)) - std]

    found = root(off, [mean, std])
    return (float(found.x[0]), float(abs(found.x[1]))) if found.success else (mean, std)

"""The updates of a physical cell: its devices are pulsed, and what they do becomes a jump table."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from scipy.special import ndtr

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.laws.jump_table import REACH
from pcmphys.errors import ParameterError
from pcmphys.fit.updates.build import filled, table_numbers, technology_of
from pcmphys.fit.updates.given import UpdateSteps, split
from pcmphys.fit.updates.tables import StepTable, moved, tabulated
from pcmphys.numerics import check
from pcmphys.programming import Pulse

_BINS, _FIRST_BINS = 24, 8
_LATER, _MOST_GROUPS = 7, 7
"""Pulses of a train, at least, that are left for the rows of later ones; most groups of first pulses before them."""
_RESET_QUANTILES = 25
_LEAST = 0.02
"""Share of the later steps that begin below all others: from there on down earlier pulses tell of steps."""
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
    The table holds the distribution of steps at a conductance, over devices and pulses, and it has one for each of
    some groups of pulses since a RESET: the first, the second, the third and fourth, the fifth to eighth and so on. A
    conductance alone does not tell what a device will do: from the same one, a device that was melted a moment ago
    steps otherwise than one after many pulses. One table for all pulses was off by 12 % of the mean, one beside it for
    the first pulse left 6 %, and more bins of conductance do not help. What a step depends on besides (which device,
    what stands inside of it) is averaged, and what that costs is measured and noted in the new cell: means after each
    of thirty pulses of `ibm-90nm-doped-gst` are off by 1.4 to 3.1 % at most (twelve populations), stds over devices by
    6 to 9 %.

    What a RESET leaves has the distribution of the RESET that the devices begin with, a long tail included; what
    RESETs after it would leave is not looked at. Devices keep nothing for life. Drift, read noise and temperature of
    the physical cell are left out.

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
    split(np.arange(pulses + 1.0), reads, np.ones(pulses + 1))  # refuses pulses that do not raise the conductance
    later, first = _tables(reads)
    high = float(reads.max())
    title = f"updates of {cell.name}, as a jump table"
    mean, noise = float(reads[0].mean()) / high, float(reads[0].std()) / high
    # few devices keep a path of crystal: a tail that no normal number has
    quantiles = np.quantile(reads[0] / high, ndtr(np.linspace(-REACH, REACH, _RESET_QUANTILES)))
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
        "reset.quantiles": list(moved(quantiles, 0.0, noise)),
        **table_numbers(later, None, high, 0.0, first),
    }
    seen = f"{count} devices of {cell.name}, {pulses} pulses each after a RESET; an average over what a device keeps."
    named = f"{cell.name.split(' ')[0]}-updates" if name is None else name
    made = PulsedCell(*filled(technology_of(named, title, given, title, (seen,))))
    return PulsedCell(*filled(technology_of(named, title, given, title, (seen, _distance(made, reads)))))


def _tables(reads: np.ndarray) -> tuple[StepTable, list[StepTable]]:
    """Steps of the later pulses, and of groups of first ones: the first, the second, the third and fourth ..."""
    pulses = len(reads) - 1
    last = [2**k for k in range(_MOST_GROUPS) if 2**k + _LATER <= pulses]
    groups = [_steps(reads, start, stop) for start, stop in itertools.pairwise([0, *last, pulses])]
    later = groups.pop()
    least = np.quantile(later.before, _LEAST)
    # few are so low after so many pulses; what they would do, those that were as low before have shown
    early = _steps(reads, 1, last[-1])
    low = early.before < least
    both = UpdateSteps(*(np.concatenate([mine, other[low]]) for mine, other in zip(later, early, strict=True)))
    return tabulated(both, _BINS), [tabulated(steps, _FIRST_BINS) for steps in groups]


def _steps(reads: np.ndarray, start: int, stop: int) -> UpdateSteps:
    """Steps of the pulses after reads start to before stop."""
    before, after = reads[start:stop], reads[start + 1 : stop + 1]
    return UpdateSteps(before.ravel(), (after - before).ravel(), np.tile(np.arange(reads.shape[1]), stop - start))


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
        "conductance and how many pulses, up to a factor of two, came since a RESET, and no more of what was before."
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

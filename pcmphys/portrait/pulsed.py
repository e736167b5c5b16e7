"""What a cell that is trained in place shows beside its levels: staircases, steps, and its figures of merit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.plot import pulsed, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CAPTION = (
    "Left: devices pulsed up from below and then down (those that only go up: RESET, and up again); 5 to 95 % of them, "
    "their mean, a few, and the typical one without noise. Right: what a pulse changes on average, by conductance."
)


def figures(cell: PulsedCell, seed: int) -> Iterator[tuple[str, Figure, str]]:
    """Heading, figure and caption of each."""
    with style.figure(1, 2, figsize=(12.0, 4.8)) as (figure, (left, right)):
        pulsed.staircase(cell, seed=seed, axes=left)
        pulsed.steps(cell, axes=right)
    yield "Training by pulses", figure, _CAPTION


def summary(cell: PulsedCell) -> str:
    """What somebody asks first who wants to train on it, in words."""
    across = cell.pulses_across(0.9)
    ways = ("up",) if cell.one_sided else ("up", "down")
    states = f"{cell.states:.0f}" if cell.states >= 10.0 else f"{cell.states:.2g}"
    words = [f"The window over its nominal step is {states} states."]
    there = [f"{count:.0f} pulses {way}" for count, way in zip(across, ways, strict=False) if math.isfinite(count)]
    short = [way for count, way in zip(across, ways, strict=False) if math.isinf(count)]
    if there:
        words.append(f"A typical device goes through 90 % of it in {' and '.join(there)}.")
    if short:
        words.append(f"Pulses {' and '.join(short)} alone do not take a typical device through 90 % of it.")
    if cell.one_sided:
        words.append("Devices only go up; a RESET takes them back.")
    elif math.isfinite(cell.symmetry_point):
        words.append(f"Steps up and down are alike at {1e6 * cell.symmetry_point:.3g} µS.")
    else:
        words.append("Steps up and down are alike nowhere in the window.")
    # one that rounds to zero is not negative
    labels = [f"{round(label, 2) + 0.0:.2f} {way}" for label, way in zip(cell.nonlinearity, ways, strict=False)]
    asymmetry = "" if cell.one_sided else f", the asymmetry at half way {100.0 * cell.asymmetry:.0f} % of the range"
    words.append(f"NeuroSim's label of nonlinearity is {' and '.join(labels)}{asymmetry}.")
    return " ".join(words)

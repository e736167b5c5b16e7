"""The page about a cell."""

from __future__ import annotations

import html
from importlib import metadata
from pathlib import Path
from typing import Any

from pcmphys.cells.mushroom.cell import MushroomCell
from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.files import write_whole
from pcmphys.parameters import cite
from pcmphys.plot import page as parts
from pcmphys.plot.figures import check_folder
from pcmphys.plot.page import PageTable
from pcmphys.plot.style import time_name
from pcmphys.portrait import mushroom, pulsed
from pcmphys.portrait.levels import DriftingLevels, drifting_levels, errors, levels

_OFFERED = ("name", "conductance_maximum", "conductance_minimum", "reference_time", "population")


def write(cell: Any, path: str | Path, *, seed: int = 0) -> Path:
    """Write the page about a cell, whole or not at all.

    Parameters
    ----------
    cell : Cell
        Any that devices can be made of (`pcmphys.cells.protocol.Cell`).
    path : path
        Of the HTML file, which needs no other.
    seed : int
        Of the devices that are shown.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        No such cell, no folder to write in.
    """
    path = check_folder(Path(path).expanduser())
    return write_whole(path, page(cell, seed=seed).encode())


def page(cell: Any, *, seed: int = 0) -> str:
    """The text of the page (HTML), see `write`."""
    missing = [name for name in _OFFERED if not hasattr(cell, name)]
    if missing:
        kind = type(cell).__name__
        raise ParameterError(
            f"cell must be one that devices can be made of; {getattr(cell, 'name', kind)} is a {kind}, which has no "
            f"{missing[0]}; `pcmphys cells show {getattr(cell, 'name', 'NAME')}` lists its numbers"
        )
    seed = check.integer("seed", seed, low=0)
    found, technology = levels(cell, seed), getattr(cell, "technology", None)
    physical = isinstance(cell, MushroomCell)
    words = [_summary(cell, found)]
    trained = isinstance(cell, PulsedCell)
    if physical:
        words.insert(0, mushroom.summary(cell, seed))
    if trained:
        words.insert(0, pulsed.summary(cell))
    body = [parts.answer(" ".join(words))]
    # of a cell that is trained, training comes first
    own = mushroom.figures(cell, seed) if physical else pulsed.figures(cell, seed) if trained else ()
    more = [
        part
        for heading, figure, caption in own
        for part in (parts.heading(heading), parts.drawn(figure, html.escape(caption)))
    ]
    shown = [parts.drawn(drifting_levels(cell, found), _LEVELS if found.drifts else _PROGRAMMED)]
    said = [parts.paragraph("Simulated with the numbers below; nothing on this page is measured.")]
    body += [*said, *more, parts.heading("Levels"), *shown] if trained else [*shown, *said, *more]
    body += [parts.heading("Errors, level by level"), parts.drawn(errors(cell, found), _ERRORS)]
    title = cell.name
    if technology is not None:
        title = technology.title
        body += [parts.heading("Every number"), *_numbers(technology)]
        body += [parts.heading("Sources"), f"<pre>{html.escape(cite(cell))}</pre>"]
    body.append(f"<p>{html.escape(cell.name)}, pcmphys {html.escape(metadata.version('pcmphys'))}, seed {seed}</p>")
    return parts.whole(title, body)


_LEVELS = "Levels that program-and-verify gives (as the cell's model has it), and what drift makes of them."
_PROGRAMMED = "Levels that program-and-verify gives (as the cell's model has it); they do not drift."
_ERRORS = "Rms over the devices of a level; drift exponents with their spread from device to device."


def _summary(cell: Any, found: DriftingLevels) -> str:
    first, last = time_name(found.times[0]), time_name(found.times[-1])
    error = 100.0 * found.error.mean() / cell.conductance_maximum
    kept = 100.0 * (found.conductance[-1].mean() / found.conductance[0].mean())
    later = f"{last} after, {kept:.0f} % of the conductance is left."
    return (
        f"Programmed to levels up to {1e6 * cell.conductance_maximum:g} µS, devices are {error:.1f} % of that off "
        f"their target ({first} after, rms); {later if found.drifts else 'the cell has no law of drift.'}"
        f"{'' if found.noisy else ' It has no law of read noise.'}"
    )


def _numbers(technology: Any) -> list[str]:
    """All numbers in a table; what is assumed stands out, and notes follow."""
    rows = [
        (
            key,
            ", ".join(q.numbers),
            "" if q.unit == "1" else q.unit,
            q.kind,
            "; ".join(filter(None, (q.source, q.note))),
        )
        for key, q in technology.quantities.items()
    ]
    kinds = [q.kind for q in technology.quantities.values()]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    table = PageTable("numbers", ("quantity", "value", "unit", "kind", "source, note"), rows, left=5, wordy=True)
    found = [parts.paragraph(f"{len(rows)} numbers: {counts}."), parts.table(table)]
    notes = [technology.descent] * bool(technology.descent) + list(technology.notes)
    return [*found, parts.items(notes)] if notes else found

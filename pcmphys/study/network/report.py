"""The report of a network study: what drift, noise and wires do to it, cell by cell."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.parameters import Technology
from pcmphys.plot import page
from pcmphys.plot.page import PageTable
from pcmphys.plot.style import time_name
from pcmphys.study.network import figures

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_FIGURES = (
    (figures.accuracy_over_time, "What drift, noise and wires do to the network. Error bars: spread over chips."),
    (figures.matvec_error_over_time, "Error of the matrix-vector products for exact inputs, rms over layers."),
    (figures.traces, "Single devices: each keeps its drift exponent; read noise is one coherent 1/f process a device."),
    (
        figures.layer_error,
        "The same error layer by layer. Without wires it is programming error, noise and drift.",
    ),
    (figures.ir_drop, "Voltage that is left across the cells of the largest tile (G+ array at its targets)."),
)


def technologies(dataset: xr.Dataset) -> dict[str, Technology]:
    """The technologies of a study's data set, by name."""
    found = [Technology.model_validate(entry) for entry in json.loads(dataset.attrs["technologies"])]
    return {technology.name: technology for technology in found}


def result_rows(dataset: xr.Dataset, cell: str) -> list[tuple[str, str, str, str, str, str]]:
    """The result table of one cell: IR drop, compensation, time, accuracy, matvec error, effective bits.

    Times before the reference time of the cell's drift are marked with a star.
    """
    table = []
    quantities = technologies(dataset)[cell].quantities
    # a physical cell drifts from its quench on; only a published law has a time where it begins
    start = quantities["reference_time"].value if "reference_time" in quantities else 0.0
    for wires in dataset["wires"].values:
        for compensation in dataset["compensation"].values:
            for time in dataset["time"].values:
                one = dataset.sel(cell=cell, wires=wires, compensation=compensation, time=time)
                table.append(
                    (
                        "no" if wires == "ideal" else "yes",
                        str(compensation),
                        time_name(float(time)) + (EARLY if time < start else ""),
                        _mean_std(100.0 * one["accuracy"].values, 1),
                        _mean_std(100.0 * one["matvec_error"].values, 2),
                        _mean_std(one["effective_bits"].values, 2),
                    )
                )
    return table


EARLY = " *"
EARLY_NOTE = "* before the reference time of the published drift law: no drift is modelled there"
HEADINGS = ("IR drop", "compensation", "time", "accuracy [%]", "matvec error [%]", "effective bits")


def _mean_std(values: np.ndarray, digits: int) -> str:
    if values.size == 1:
        return f"{float(values.reshape(-1)[0]):.{digits}f}"
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def overview(dataset: xr.Dataset) -> Figure:
    """The picture of devices, wires and network for the first cell of a study."""
    return figures.overview_of_cell(dataset, str(dataset["cell"].values[0]))


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """One table a cell."""
    chips = dataset.sizes["chip"]
    of = f"mean ± std of {chips} chips" if chips > 1 else "one chip"
    times = dataset.sizes["time"]
    names = map(str, dataset["cell"].values)
    return [PageTable(f"{name}: {of}", HEADINGS, result_rows(dataset, name), left=3, block=times) for name in names]


def remarks(dataset: xr.Dataset) -> list[str]:
    """What must be said with the tables."""
    early = any(row[2].endswith(EARLY) for table in tables(dataset) for row in table.rows)
    digital = 100 * float(dataset["digital_accuracy"])
    return [EARLY_NOTE] * early + [f"digital accuracy {digital:.1f} %; effective bits: 8-bit fixed point is 8"]


def body(dataset: xr.Dataset) -> list[str]:
    """The report, below its title."""
    found = [page.answer(_answer(dataset)), page.drawn(figures.side_by_side(dataset), _SIDE), _introduction(dataset)]
    with_wires = "IR drop" in dataset["wires"].values
    if dataset.sizes["cell"] > 1:
        found += [page.heading("The cells side by side"), page.table(_side_by_side(dataset))]
    for table, (name, technology) in zip(tables(dataset), technologies(dataset).items(), strict=True):
        found += [page.heading(name), page.table(table)]
        if any(row[2].endswith(EARLY) for row in table.rows):
            found.append(f"<p>{EARLY_NOTE}.</p>")
        found.append(_programming(dataset, name))
        for draw, caption in _FIGURES:
            if with_wires or draw is not figures.ir_drop:
                found.append(page.drawn(draw(dataset, name), caption))
        found.append(_assumptions(technology))
    return [*found, page.heading("How to read this"), _LIMITS, page.sources(dataset)]


def _answer(dataset: xr.Dataset) -> str:
    """What is left of the accuracy at the last time, as good as the study has it, and what wires then cost."""
    last, first = dataset["time"].values[-1], dataset["time"].values[0]
    compensation = str(dataset["compensation"].values[-1])
    wires = [str(one) for one in dataset["wires"].values]
    words = []
    for name in dataset["cell"].values:
        one = 100.0 * dataset["accuracy"].sel(cell=name, compensation=compensation).mean("chip")
        then = one.sel(wires=wires[0])
        text = f"{name} {float(then.sel(time=first)):.1f} %"
        if last != first:
            text += f" after {time_name(float(first))} and {float(then.sel(time=last)):.1f} %"
            text += f" after {time_name(float(last))}"
        if len(wires) > 1:
            text += f" ({float(one.sel(wires=wires[1], time=last)):.1f} % with IR drop)"
        words.append(text)
    how = "with" if compensation == "on" else "without"
    digital = 100.0 * float(dataset["digital_accuracy"])
    return f"The network, {digital:.1f} % right in float64, keeps, {how} drift compensation: {'; '.join(words)}."


def _introduction(dataset: xr.Dataset) -> str:
    settings = json.loads(dataset.attrs["settings"])
    tile, wires, periphery, chips = (settings[key] for key in ("tile", "wires", "periphery", "chips"))
    resolution = [
        f"{periphery[key]}-bit {what}" if periphery[key] else f"{what} without rounding"
        for key, what in (("dac_bits", "inputs"), ("adc_bits", "outputs"))
    ]
    text = (
        f"A trained network ({len(dataset['layer'])} layers; digital test accuracy "
        f"{100 * float(dataset['digital_accuracy']):.1f} %) is programmed into simulated phase-change memory as "
        f"differential pairs on tiles of at most {tile['rows']} × {tile['columns']} weights and read at "
        f"{', '.join(time_name(t) for t in settings['times'])} after programming, on {chips} "
        f"chip{'s' if chips > 1 else ''}. Converters: {resolution[0]}, {resolution[1]}."
    )
    if any(settings["ir_drop"]):
        text += (
            f" IR drop: {wires['row']:g} Ω a word-line segment, {wires['column']:g} Ω a bit-line segment, "
            f"{wires['source']:g} Ω at each driver, {wires['sense']:g} Ω at each sense end (chosen, not measured)."
        )
    return page.paragraph(text)


def _side_by_side(dataset: xr.Dataset) -> PageTable:
    """All cells in one table: where they differ is what the models say differently."""
    cells = [str(cell) for cell in dataset["cell"].values]
    columns = [result_rows(dataset, cell) for cell in cells]
    table = [
        (*lines[0][:2], lines[0][2].removesuffix(EARLY), *(value for line in lines for value in line[3:5]))
        for lines in zip(*columns, strict=True)
    ]
    headings = (*HEADINGS[:3], *HEADINGS[3:5] * len(cells))
    groups = (("", 3), *((cell, 2) for cell in cells))
    return PageTable("the cells side by side", headings, table, 3, dataset.sizes["time"], groups)


_SIDE = (
    "The same network, weights and inputs on each technology. Statistical cells draw published moments; physical cells "
    "are programmed by pulses and verify reads, and drift and noise follow from each device's structure."
)


def _programming(dataset: xr.Dataset, cell: str) -> str:
    one = dataset.sel(cell=cell)
    error = 100.0 * one["programming_error"].mean("chip").values
    clipped = 100.0 * one["adc_clipped"].max().item()
    return (
        "<p>Programming error (rms, of the largest conductance): "
        + ", ".join(f"layer {k} {e:.2f} %" for k, e in zip(dataset["layer"].values, error, strict=True))
        + f". Output conversions clipped: at most {clipped:.3g} % in any layer. "
        f"Targets outside the cell's range: {int(one['targets_clipped'].sum())}.</p>"
    )


def _assumptions(technology) -> str:
    assumed = [
        f"<li><code>{key}</code> = {', '.join(q.numbers)} {html.escape(q.unit)}: {html.escape(q.note)}</li>"
        for key, q in technology.quantities.items()
        if q.kind == "assumed"
    ]
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in technology.notes)
    return (
        f'<p class="assumed">Assumed, not published:</p><ul>{"".join(assumed)}</ul>'
        f"<p>Notes on the technology:</p><ul>{notes}</ul>"
    )


_LIMITS = (
    "<ul>"
    "<li>Accuracy: the whole network, each layer fed by the analog layer before it. Matvec error: each layer "
    "alone, for its exact inputs.</li>"
    "<li>Effective bits: 8 minus log2 of the error over that of the same product with weights and inputs rounded "
    "to 8-bit fixed point.</li>"
    "<li>Compensation: one gain a tile, found at each time from a read of known inputs; it also takes out the mean "
    "loss by IR drop.</li>"
    "<li>Not modelled: temperature, correlations between devices, capacitance, offsets of converters, selectors, "
    "half-select disturb. All inputs at one time meet the same conductances.</li>"
    "</ul>"
)

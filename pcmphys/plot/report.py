"""The report of a study: one self-contained HTML file."""

from __future__ import annotations

import base64
import html
import io
import json
from pathlib import Path

import numpy as np

from pcmphys._files import write_whole
from pcmphys.parameters import Technology
from pcmphys.plot import study as figures
from pcmphys.plot.style import time_name

_FIGURES = (
    (figures.accuracy, "What drift, noise and wires do to the network. Error bars: spread over chips."),
    (figures.matvec_error, "Error of the matrix-vector products for exact inputs, rms over layers."),
    (figures.traces, "Single devices: each keeps its drift exponent; read noise is one coherent 1/f process a device."),
    (
        figures.layer_error,
        "The same error layer by layer. Without wires it is programming error, noise and drift.",
    ),
    (figures.voltage_map, "Voltage that is left across the cells of the largest tile (G+ array at its targets)."),
)

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;color:#1a202c}
h1{font-size:1.7rem}h2{margin-top:2.2rem;border-bottom:1px solid #e2e8f0}
table{border-collapse:collapse;font-size:.9rem;margin:1rem 0}td,th{padding:.3rem .7rem;border-bottom:1px solid #e2e8f0;
text-align:right}td:first-child,th:first-child,td.l,th.l{text-align:left}figure{margin:1.5rem 0}
img{max-width:100%}figcaption{color:#4a5568;font-size:.9rem}.assumed{color:#c05621}pre{background:#f7fafc;
padding:.8rem;overflow-x:auto;font-size:.8rem}
"""


def technologies(dataset) -> dict[str, Technology]:
    """The technologies of a study's data set, by name."""
    found = [Technology.model_validate(entry) for entry in json.loads(dataset.attrs["technologies"])]
    return {technology.name: technology for technology in found}


def rows(dataset, cell: str) -> list[tuple[str, str, str, str, str, str]]:
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


def write(dataset, path) -> Path:
    """Write the report of a study's data set, whole or not at all; returns its path."""
    text = _page(dataset)
    return write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_overview(dataset, path) -> Path:
    """Write the picture of devices, wires and network for the first cell of a study; returns its path."""
    content = _png(figures.overview(dataset, str(dataset["cell"].values[0])))
    return write_whole(path, lambda temporary: temporary.write_bytes(content))


def _page(dataset) -> str:
    body = [f"<h1>{html.escape(dataset.attrs['title'])}</h1>", _introduction(dataset)]
    with_wires = "IR drop" in dataset["wires"].values
    if dataset.sizes["cell"] > 1:
        body.append(_side_by_side(dataset))
    for name, technology in technologies(dataset).items():
        table = rows(dataset, name)
        body.append(f"<h2>{html.escape(name)}</h2>")
        body.append(_table(HEADINGS, table))
        if any(row[2].endswith(EARLY) for row in table):
            body.append(f"<p>{EARLY_NOTE}.</p>")
        body.append(_programming(dataset, name))
        for draw, caption in _FIGURES:
            if with_wires or draw is not figures.voltage_map:
                body.append(f"<figure>{_image(draw(dataset, name))}<figcaption>{caption}</figcaption></figure>")
        body.append(_assumptions(technology))
    body.append(_limits(dataset))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(dataset.attrs['title'])}</title><style>{_STYLE}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _introduction(dataset) -> str:
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
    return f"<p>{html.escape(text)}</p>"


def _table(headings, table) -> str:
    head = "".join(f"<th>{html.escape(h)}</th>" for h in headings)
    lines = ["".join(f"<td>{html.escape(str(v))}</td>" for v in row) for row in table]
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _side_by_side(dataset) -> str:
    """All cells in one figure and one table: where they differ is what the models say differently."""
    cells = [str(cell) for cell in dataset["cell"].values]
    columns = [rows(dataset, cell) for cell in cells]
    headings = (*HEADINGS[:3], *(f"{cell}: {what}" for cell in cells for what in ("accuracy [%]", "matvec error [%]")))
    table = [
        (*lines[0][:2], lines[0][2].removesuffix(EARLY), *(value for line in lines for value in line[3:5]))
        for lines in zip(*columns, strict=True)
    ]
    figure = f"<figure>{_image(figures.side_by_side(dataset))}<figcaption>{_SIDE}</figcaption></figure>"
    return f"<h2>The cells side by side</h2>{figure}{_table(headings, table)}"


_SIDE = (
    "The same network, weights and inputs on each technology. Statistical cells draw published moments; physical cells "
    "are programmed by pulses and verify reads, and drift and noise follow from each device's structure."
)


def _programming(dataset, cell: str) -> str:
    one = dataset.sel(cell=cell)
    error = 100.0 * one["programming_error"].mean("chip").values
    clipped = 100.0 * one["adc_clipped"].max().item()
    return (
        "<p>Programming error (rms, of the largest conductance): "
        + ", ".join(f"layer {k} {e:.2f} %" for k, e in zip(dataset["layer"].values, error, strict=True))
        + f". Output conversions clipped: at most {clipped:.3g} % in any layer. "
        f"Targets outside the cell's range: {int(one['targets_clipped'].sum())}.</p>"
    )


def _image(figure) -> str:
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(_png(figure)).decode()}">'


def _png(figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _assumptions(technology) -> str:
    assumed = [
        f"<li><code>{key}</code> = {_plain(q.value)} {html.escape(q.unit)}: {html.escape(q.note)}</li>"
        for key, q in technology.quantities.items()
        if q.kind == "assumed"
    ]
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in technology.notes)
    return (
        f'<p class="assumed">Assumed, not published:</p><ul>{"".join(assumed)}</ul>'
        f"<p>Notes on the technology:</p><ul>{notes}</ul>"
    )


def _plain(value: float | tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in (value if isinstance(value, tuple) else (value,)))


def _limits(dataset) -> str:
    settings = json.dumps(json.loads(dataset.attrs["settings"]), indent=1)
    return (
        "<h2>How to read this</h2><ul>"
        "<li>Accuracy: the whole network, each layer fed by the analog layer before it. Matvec error: each layer "
        "alone, for its exact inputs.</li>"
        "<li>Effective bits: 8 minus log2 of the error over that of the same product with weights and inputs rounded "
        "to 8-bit fixed point.</li>"
        "<li>Compensation: one gain a tile, found at each time from a read of known inputs; it also takes out the mean "
        "loss by IR drop.</li>"
        "<li>Not modelled: temperature, correlations between devices, capacitance, offsets of converters, selectors, "
        "half-select disturb. All inputs at one time meet the same conductances.</li>"
        f"</ul><h2>Settings and sources</h2><pre>{html.escape(settings)}</pre>"
        f"<pre>{html.escape(dataset.attrs['references'])}</pre>"
        f"<p>pcmphys {html.escape(dataset.attrs['pcmphys_version'])}</p>"
    )

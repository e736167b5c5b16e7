"""Figures, report and table of a study of selectors."""

from __future__ import annotations

import json
import re
import warnings

import numpy as np
import pytest

from pcmphys.study import report, run
from pcmphys.study.selector_margin import figures

SMALL = {"study": "selector-margin", "sizes": [4, 8, 16], "wires": [0.0, 50.0], "inputs": 2}
FIGURES = (
    figures.overview_of_selectors,
    figures.read_margins,
    figures.write_margin_by_size,
    figures.write_voltages,
    figures.matvec_error_by_size,
    figures.device_voltages,
)


@pytest.fixture(scope="module")
def dataset():
    return run(SMALL)


@pytest.mark.parametrize("draw", FIGURES, ids=[draw.__name__ for draw in FIGURES])
def test_a_figure_is_drawn_with_names_and_units(dataset, draw, tmp_path):
    figure = draw(dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a layout that does not fit
        figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert all(axes.get_xlabel() or axes.get_ylabel() for axes in figure.axes)
    assert bool(figure.legends) == (draw is not figures.device_voltages)


def test_lines_show_the_numbers(dataset):
    axes = figures.read_margin_by_size(dataset, "half").axes[0]
    curves = [line for line in axes.lines if line.get_linestyle() != "None"]
    assert len(curves) == 5 * 2
    values = dataset["read_margin"].sel(scheme="half", selector="diode", wire=50.0).values
    assert any(np.array_equal(line.get_ydata(), values) for line in curves)


def test_a_lost_margin_is_an_arrow_at_the_bottom(dataset):
    axes = figures.read_margin_by_size(dataset, "float").axes[0]
    arrows = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "v"]
    assert arrows == [4.0, 8.0, 16.0]  # only without selector, at every size
    assert axes.get_ylim()[0] < 0.0


def test_every_scheme_has_a_panel(dataset):
    assert len(figures.read_margins(dataset).axes) == 4
    assert len(figures.read_margins(dataset.isel(scheme=[0, 1, 2])).axes) == 3
    assert len(figures.read_margins(dataset.isel(scheme=[3])).axes) == 1


def test_the_map_is_in_percent_of_a_single_cell(dataset):
    figure = figures.device_voltages(dataset)
    for name, axes in zip(dataset["selector"].values, figure.axes, strict=False):
        expected = 100.0 * dataset["device_voltage"].sel(selector=name) / dataset["single_voltage"].sel(selector=name)
        assert np.asarray(axes.images[0].get_array()) == pytest.approx(expected.values)


def test_the_report_is_whole_and_honest(dataset, tmp_path):
    text = report.write(dataset, tmp_path / "report.html").read_text()
    assert text.count("data:image/png;base64,") == 6
    assert (
        text.index("the read margin is at least 0.5 for") < text.index("<img") < text.index("<nav") < text.index("<h2")
    )
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    for words in ("assumed: Diode(saturation_current=1e-12", "0.25 Ω at 90 nm", "Not modelled", "@article{chen2013",
                  "16 × 16 cells", "matvec error [%]", "440 µA", "What results.nc holds"):  # fmt: skip
        assert words in text, words
    report.write_overview(dataset, tmp_path / "overview.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["overview.png", "report.html"]


def test_the_tables_are_those_of_the_largest_array(dataset):
    found = report.tables(dataset)
    for table in found:
        assert table.title.startswith("16 × 16 cells")
        assert len(table.rows) == 10
        assert all(len(row) == len(table.headings) for row in table.rows)
    read, others = ([dict(zip(table.headings, row, strict=True)) for row in table.rows] for table in found)
    assert (read[3]["selector"], read[3]["wire [Ω]"]) == ("diode", "50")
    one = dataset.sel(selector="diode", wire=50.0, size=16)
    assert read[3]["half"] == f"{float(one['read_margin'].sel(scheme='half')):.3f}"
    assert others[3]["matvec error [%]"] == f"{100.0 * float(one['matvec_error']):.2f}"
    assert others[3]["power [mW]"] == f"{1e3 * float(one['matvec_power']):.1f}"
    assert read[0]["half"] == "≤ 0"


def test_what_has_no_answer_is_said_and_drawn(tmp_path):
    settings = {**SMALL, "sizes": [3, 4], "selectors": ["none", "ots"], "ots": {"holding_current": 0.25e-3}}
    found = run(settings)
    remarks = report.remarks(found)
    assert any(remark.startswith("without answer: ots, 3 x 3") for remark in remarks)
    assert len(json.loads(found.attrs["without_answer"])) == len(remarks) - 2
    assert report.tables(found)[0].rows[-1][2] == "-"
    assert "without answer" in report.page(found)
    assert "no answer" in [text.get_text() for axes in figures.device_voltages(found).axes for text in axes.texts]

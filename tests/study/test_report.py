"""The report of a study: self-contained, complete, honest."""

from __future__ import annotations

import re

import pytest

from pcmphys.plot import style
from pcmphys.study import report, run
from pcmphys.study.network import figures
from pcmphys.study.network import report as network_report

CELL = ["ibm-90nm-statistical"]


@pytest.fixture(scope="module")
def dataset(small_network):
    cells = ["ibm-90nm-statistical", "hermes-14nm-statistical"]
    return run({"network": str(small_network), "chips": 2, "times": [20.0, 86400.0], "cells": cells})


def test_the_report_needs_no_other_file_and_names_what_is_assumed(dataset, tmp_path):
    path = report.write(dataset, tmp_path / "report.html")
    text = path.read_text()
    assert text.count("data:image/png;base64,") == 11  # five figures a cell, one of both side by side
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    for word in ("ibm-90nm-statistical", "hermes-14nm-statistical", "Assumed", "trap_fastest", "Not modelled", "1 day"):
        assert word in text
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_report_opens_with_its_answer(dataset):
    text = report.page(dataset)
    places = [text.index(word) for word in ('class="answer"', "<img", "<nav", "<h2")]
    assert places == sorted(places)
    opening = text[places[0] : places[1]]
    last = 100.0 * dataset["accuracy"].sel(cell="ibm-90nm-statistical", compensation="on", wires="ideal").mean("chip")
    assert f"and {float(last[-1]):.1f} % after 1 day" in opening
    ways = re.findall('<a href="#([^"]*)">', text)
    assert len(ways) == 5
    assert all(text.count(f'<h2 id="{way}">') == 1 for way in ways)


def test_several_cells_stand_side_by_side(dataset):
    text = report.page(dataset)
    assert "The cells side by side" in text
    assert '<th class="g" colspan="2">hermes-14nm-statistical</th>' in text
    assert len(figures.side_by_side(dataset).axes) == 2


def test_one_row_for_each_run(dataset):
    rows = network_report.result_rows(dataset, "ibm-90nm-statistical")
    assert len(rows) == 8
    assert rows[0][:3] == ("no", "off", "20 s")
    assert all("±" in value for row in rows for value in row[3:])


def test_one_chip_has_no_error_bar(small_network):
    single = run({"network": str(small_network), "cells": CELL, "chips": 1, "times": [20.0]})
    assert "±" not in "".join(network_report.result_rows(single, "ibm-90nm-statistical")[0])
    assert report.page(single).count("<img") == 6


def test_figures_have_labels_with_units(dataset):
    for draw in (figures.accuracy_over_time, figures.matvec_error_over_time, figures.traces, figures.layer_error):
        axes = draw(dataset, "ibm-90nm-statistical").axes[0]
        assert "[" in axes.get_ylabel()
    assert len(figures.overview_of_cell(dataset, "ibm-90nm-statistical").axes) == 4  # three panels and a colour bar


def test_drawing_leaves_the_users_settings_alone(dataset):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figures.accuracy_over_time(dataset, "ibm-90nm-statistical")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(0.5, "0.5 s"), (90.0, "1.5 min"), (172800.0, "2 days"), (2592000.0, "1 month"), (1e9, "31.7 yr")],
)
def test_times_are_named_as_people_do(seconds, name):
    assert style.time_name(seconds) == name


def test_the_report_speaks_of_what_was_run_only(small_network):
    settings = {"network": str(small_network), "cells": CELL, "chips": 1, "times": [20.0], "ir_drop": [False]}
    text = report.page(run({**settings, "periphery": {"dac_bits": None}}))
    assert "IR drop: " not in text
    assert "on 1 chip." in text
    assert "None" not in text.split("<h2 ")[0]
    assert text.count("<img") == 5  # no map of IR drop


def test_times_before_the_drift_law_are_marked(dataset):
    assert [row[2] for row in network_report.result_rows(dataset, "hermes-14nm-statistical")[:2]] == ["20 s *", "1 day"]
    assert [row[2] for row in network_report.result_rows(dataset, "ibm-90nm-statistical")[:2]] == ["20 s", "1 day"]
    assert network_report.EARLY_NOTE in report.page(dataset)

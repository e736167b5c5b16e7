"""Maps of arrays show the numbers they are given, in the place and the unit that they say."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.crossbar import Bias, Crossbar, Diode, Wires
from pcmphys.crossbar.analysis.margins import margin_map, write_margin
from pcmphys.crossbar.analysis.writing import WriteReport
from pcmphys.errors import ParameterError

CELLS = np.random.default_rng(4).uniform(1e-6, 25e-6, (5, 7))
WIRES = Wires(row=20.0, column=20.0)


def shown(figure) -> np.ndarray:
    """What the map of a figure holds, in its own unit."""
    (image,) = figure.axes[0].images
    return np.asarray(image.get_array())


def unit(figure) -> str:
    return figure.axes[1].get_ylabel().partition("[")[2].rstrip("]")


@pytest.fixture(scope="module")
def solution():
    return Crossbar(CELLS, WIRES, Diode(1e-12, ideality=1.5)).solve(Bias.matvec(np.full(5, 0.8)))


@pytest.fixture(scope="module")
def report():
    """A pulse that switched one of twelve devices and warmed its neighbours."""
    cells = np.full((3, 4), 1e-6)
    cells[1, 2] = 2e-4
    found = Crossbar(cells, WIRES).solve(Bias.select(1, 2, 2.0))
    switched = cells > 1e-5
    warm = np.where(switched, 1150.0, 300.0 + np.arange(12).reshape(3, 4))
    return WriteReport(found, switched, found.cell_current, warm, np.where(switched, 7e-11, 0.0))


def test_a_map_shows_its_values_where_they_are():
    figure = pcm.plot.cell_map(CELLS, label="conductance", unit="S", title="devices")
    assert shown(figure) == pytest.approx(1e6 * CELLS)
    assert unit(figure) == "µS"
    axes = figure.axes[0]
    assert axes.get_title() == "devices"
    assert "bit line" in axes.get_xlabel()
    assert "word line" in axes.get_ylabel()
    # word line 0 at the top
    low, high = axes.get_ylim()
    assert low > high


@pytest.mark.parametrize(
    ("largest", "kind", "name", "scale"),
    [(2.0, "V", "V", 1.0), (0.2, "V", "mV", 1e3), (3e-9, "A", "nA", 1e9), (900.0, "K", "K", 1.0), (0.0, "V", "V", 1.0)],
)
def test_units_get_a_prefix_that_fits(largest, kind, name, scale):
    figure = pcm.plot.cell_map([[0.0, largest]], unit=kind)
    assert unit(figure) == name
    assert shown(figure)[0, 1] == pytest.approx(scale * largest)


def test_a_scale_may_be_given_and_what_lies_beyond_is_marked():
    figure = pcm.plot.cell_map([[0.0, 1.0], [2.0, np.nan]], limits=(0.5, 1.5))
    (image,) = figure.axes[0].images
    assert image.get_clim() == (0.5, 1.5)
    assert image.colorbar.extend == "both"
    assert np.isnan(shown(figure)[1, 1])
    assert pcm.plot.cell_map([[0.0, 1.0]]).axes[0].images[0].colorbar.extend == "neither"


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        ([1.0, 2.0], {}, "values must have 2 axes"),
        ([[1.0, np.inf]], {}, r"values\[0, 1\] is inf"),
        ([[np.nan]], {}, "all are NaN"),
        ([["a"]], {}, "values must be an array of real numbers"),
        ([[1.0]], {"limits": (2.0, 1.0)}, "limits must rise; got 2 and 1"),
        ([[1.0]], {"limits": 1.0}, "limits must have shape"),
    ],
)
def test_wrong_maps_are_refused(values, options, words):
    with pytest.raises(ParameterError, match=words):
        pcm.plot.cell_map(values, **options)


@pytest.mark.parametrize("part", ["cell", "device", "selector"])
def test_a_voltage_map_is_that_of_the_solution(solution, part):
    figure = pcm.plot.voltage_map(solution, part)
    assert shown(figure) == pytest.approx(1e3 * getattr(solution, f"{part}_voltage"))
    assert part in figure.axes[1].get_ylabel()


def test_one_input_of_a_batch():
    found = Crossbar(CELLS, WIRES).solve(Bias.matvec(np.eye(5)))
    figure = pcm.plot.voltage_map(found, number=3)
    assert shown(figure) == pytest.approx(1e3 * found.cell_voltage[..., 3])
    assert figure.axes[0].get_title() == "input 3 of 5"
    with pytest.raises(ParameterError, match=r"number must be a whole number within \[0, 4\]; got 5"):
        pcm.plot.voltage_map(found, number=5)


def test_noise_comes_from_where_it_does():
    relative = np.zeros(CELLS.shape)
    relative[3, 4] = 0.05
    figure = pcm.plot.noise_share(Crossbar(CELLS).noise(Bias.matvec(np.full(5, 0.2)), relative))
    expected = np.zeros(CELLS.shape)
    expected[3, 4] = CELLS.size
    assert shown(figure) == pytest.approx(expected)
    assert figure.axes[0].get_title() == "largest: word line 3, bit line 4 with 100 %"
    silent = pcm.plot.noise_share(Crossbar(CELLS).noise(Bias.matvec(np.full(5, 0.2))))
    assert silent.axes[0].get_title() == "no noise"


def test_a_pulse_is_shown_by_what_it_does_to_the_others(report):
    figure = pcm.plot.write_map(report)
    assert shown(figure) == pytest.approx(report.hottest)
    (image,) = figure.axes[0].images
    assert image.get_clim() == (300.0, 311.0)
    assert image.colorbar.extend == "max"
    (rings,) = figure.axes[0].lines
    assert rings.get_xydata().tolist() == [[2.0, 1.0]]
    assert figure.axes[0].get_title() == "1 of 12 devices on, hottest 1150 K"


@pytest.mark.parametrize(("quantity", "name"), [("voltage", "mV"), ("current", "nA"), ("energy", "J")])
def test_other_quantities_of_a_pulse(report, quantity, name):
    figure = pcm.plot.write_map(report, quantity)
    values = {"voltage": 1e3 * report.solution.device_voltage, "current": 1e9 * report.current, "energy": report.energy}
    assert shown(figure) == pytest.approx(np.abs(values[quantity]))
    assert unit(figure) == name


def test_a_pulse_that_switches_all_or_nothing(report):
    for on in (True, False):
        all_same = WriteReport(report.solution, np.full((3, 4), on), report.current, report.hottest, report.energy)
        figure = pcm.plot.write_map(all_same)
        assert figure.axes[0].images[0].get_clim() == (300.0, 1150.0)
        assert len(figure.axes[0].lines[0].get_xdata()) == 12 * on


def test_a_write_margin_is_shown_by_the_voltage_of_every_device():
    margin = write_margin(Crossbar(CELLS, WIRES), -1.2)
    figure = pcm.plot.write_map(margin)
    assert unit(figure) in ("V", "mV")
    assert shown(figure).max() * (1e-3 if unit(figure) == "mV" else 1.0) == pytest.approx(margin.selected)
    assert f"margin {margin.margin:.2f}" in figure.axes[0].get_title()
    with pytest.raises(ParameterError, match="quantity must be one of voltage; got 'energy'"):
        pcm.plot.write_map(margin, "energy")


@pytest.mark.parametrize("count", [3, 16])
def test_a_map_of_margins_names_its_lines(count):
    xbar = Crossbar(np.full((16, 20), 1e-4), WIRES)
    rows, columns = (np.linspace(0, n - 1, count).round().astype(int) for n in xbar.shape)
    values = margin_map(lambda cell: write_margin(xbar, 1.0, cell=cell).margin, rows, columns)
    axes = pcm.plot.margins(values, rows, columns, label="write margin").axes[0]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert (labels[0], labels[-1]) == ("0", "19")
    assert [text.get_text() for text in axes.get_yticklabels()][-1] == "15"
    assert len(axes.texts) == (9 if count == 3 else 0)
    if count == 3:
        assert axes.texts[1].get_text() == f"{values[0, 1]:.2f}"


def test_wrong_objects_are_named(solution):
    for draw in (pcm.plot.voltage_map, pcm.plot.noise_share, pcm.plot.write_map):
        with pytest.raises(ParameterError, match=r"must be a .*; got ndarray"):
            draw(CELLS)
    with pytest.raises(ParameterError, match="part must be one of cell, device, selector; got 'cells'; did you mean"):
        pcm.plot.voltage_map(solution, "cells")
    with pytest.raises(ParameterError, match=r"values must have shape \(2, 3\)"):
        pcm.plot.margins(np.zeros((3, 2)), [0, 1], [0, 1, 2])


def test_maps_can_be_drawn_into_given_axes(solution, report):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots(1, 3)
    assert pcm.plot.voltage_map(solution, axes=axes[0]) is figure
    assert pcm.plot.write_map(report, axes=axes[1]) is figure
    assert pcm.plot.margins(np.eye(2), [0, 1], [0, 1], axes=axes[2]) is figure
    assert all(len(one.images) == 1 for one in axes)


def test_figures_show_themselves_in_a_notebook():
    figure = pcm.plot.cell_map([[1.0, 2.0], [3.0, 4.0]])
    assert figure._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(pcm.ParameterError, match="in a script write it"):
        figure.show()

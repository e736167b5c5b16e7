"""Figures of chips show the numbers they are given."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.plot import density_by_integration, efficiency_by_conductance, energy_by_part

CELL = pcm.load_cell("hermes-14nm-statistical")
DRAW = (efficiency_by_conductance, density_by_integration)


@pytest.fixture(scope="module")
def trade():
    return pcm.chip.trade_off("ambrogio2023-14nm", CELL, devices=10)


def saved(figure, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a layout that does not fit
        figure.savefig(tmp_path / "figure.png")
    return (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("wanted", [None, 20.0, 90.0])
def test_cost_and_noise_are_drawn_with_names_and_units(trade, draw, wanted, tmp_path):
    figure = draw(trade, wanted=wanted)
    left, right = figure.axes
    assert left.get_xlabel().endswith(("[µS]", "[ns]"))
    assert left.get_ylabel().endswith(("[TOPS/W]", "[TOPS/mm²]"))
    assert right.get_ylabel() == "signal over noise of an output [dB]"
    assert saved(figure, tmp_path)


def test_lines_show_the_numbers(trade):
    left, right = efficiency_by_conductance(trade).axes
    solid = [line for line in left.lines if line.get_linestyle() == "-"]
    dashed = [line for line in right.lines if line.get_linestyle() == "--"]
    for j, cost, noise in zip((0, 12, 24), solid, dashed, strict=True):
        assert np.array_equal(cost.get_xdata(), 1e6 * trade.conductance)
        assert np.array_equal(cost.get_ydata(), 1e-12 * trade.efficiency[:, j])
        assert np.array_equal(noise.get_ydata(), trade.decibel[:, j])
    left, right = density_by_integration(trade).axes
    assert np.array_equal(left.lines[0].get_ydata(), 1e-18 * trade.density[0])
    assert np.array_equal(right.lines[0].get_ydata(), trade.decibel[0])


def test_a_star_is_the_best_that_has_what_is_wanted(trade):
    left, _ = efficiency_by_conductance(trade, wanted=20.0).axes
    stars = [line for line in left.lines if line.get_marker() == "*"]
    best = trade.best(20.0)
    assert max(float(star.get_ydata()[0]) for star in stars) == pytest.approx(1e-12 * best.efficiency)
    none, _ = efficiency_by_conductance(trade, wanted=90.0).axes
    assert not [line for line in none.lines if line.get_marker() == "*"]


def test_parts_of_an_energy_fill_each_bar(tmp_path):
    plans = [pcm.Floorplan(pcm.chip.network("keywords"), name) for name in ("hermes-14nm", "ambrogio2023-14nm")]
    figure = energy_by_part(["$one_{", "other"], [plan.cost().system.energy for plan in plans])
    (axes,) = figure.axes
    for row in (0, 1):
        bars = [bar for bar in axes.patches if round(bar.get_y() + 0.36) == row]
        assert sum(bar.get_width() for bar in bars) == pytest.approx(100.0)
    assert saved(figure, tmp_path)


def test_what_cannot_be_drawn_is_refused(trade):
    for draw in DRAW:
        with pytest.raises(ParameterError, match=r"trade must be a trade-off .*; int has no conductance"):
            draw(3)
        with pytest.raises(ParameterError, match="wanted must be a number in dB"):
            draw(trade, wanted="much")
    with pytest.raises(ParameterError, match="equally many; got 1 and 0"):
        energy_by_part(["a"], [])

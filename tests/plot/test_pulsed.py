"""Figures of devices that are trained in place hold the numbers of their cells."""

import numpy as np
import pytest

import pcmphys as pcm

ECRAM, PCM = "ecram-tang2018", "pcm-nandakumar2018"


def lines(figure):
    return {line.get_label(): line.get_xydata().T for line in figure.axes[0].lines}


def test_a_staircase_is_that_of_the_devices():
    cell = pcm.load_cell(ECRAM)
    figure = pcm.plot.staircase(cell, 240, n=50, seed=3)
    shown = lines(figure)
    pulses, mean = shown["mean of 50"]
    assert pulses[[0, 120, -1]].tolist() == [0, 240, 480]
    devices = cell.population(50, seed=3)
    devices.pulse(-1, count=960)
    devices.pulse(+1, count=240)
    typical = shown["typical, without noise"][1]
    assert typical == pytest.approx(1e6 * cell.response(240, 240).conductance)
    assert mean[120] == pytest.approx(1e6 * devices.conductance().mean(), rel=2e-3)
    assert shown["symmetry point"][1] == pytest.approx([1e6 * cell.symmetry_point] * 2)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("pulses", "conductance [µS]")


def test_one_sided_devices_go_up_twice_with_a_reset_between():
    shown = lines(pcm.plot.staircase(pcm.load_cell(PCM), 20, n=30))
    pulses, mean = shown["mean of 30"]
    assert pulses.tolist() == [*range(21), *range(20, 41)]
    assert mean[[0, 21]] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert min(mean[20], mean[-1]) > 5.0
    assert "symmetry point" not in shown


def test_a_response_is_drawn_as_it_is(tmp_path):
    found = pcm.load_cell(ECRAM).response(30, 20)
    figure = pcm.plot.staircase(found)
    assert lines(figure)["without noise"][1] == pytest.approx(1e6 * found.conductance)
    figure.savefig(tmp_path / "response.png")
    assert (tmp_path / "response.png").stat().st_size > 5000


def test_steps_cross_at_the_symmetry_point():
    cell = pcm.load_cell("rram-gong2018")
    figure = pcm.plot.steps(cell)
    up, down = (lines(figure)[f"{way}, mean of a typical device"] for way in ("up", "down"))
    crossing = up[0][np.argmin(np.abs(up[1] - down[1]))]
    assert crossing == pytest.approx(1e6 * cell.symmetry_point, abs=0.1)
    assert up[1][0] == pytest.approx(35.4, abs=0.05)
    assert figure.axes[0].get_ylabel() == "size of a step [nS]"
    one = pcm.plot.steps(pcm.load_cell(PCM))
    assert len(one.axes[0].lines) == 1
    assert one.axes[0].get_ylabel() == "size of a step [µS]"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pcm.plot.steps(pcm.load_cell("ibm-90nm-statistical")), "trained in place"),
        (lambda: pcm.plot.staircase("rram-gong2018"), "trained in place"),
        (lambda: pcm.plot.staircase(pcm.load_cell(ECRAM), 0), "pulses must be a whole number"),
        (lambda: pcm.plot.staircase(pcm.load_cell(ECRAM), n=0), "n must be a whole number"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, words):
    with pytest.raises(pcm.ParameterError, match=words):
        call()

"""The page about a cell: whole, honest about what is assumed, the same for any cell that devices can be made of."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.portrait import mushroom, page, write
from pcmphys.portrait.levels import drifting_levels, errors, levels

STATISTICAL = pcm.load_cell("ibm-90nm-statistical")
PHYSICAL = pcm.load_cell("ibm-90nm-doped-gst")


def test_a_page_needs_no_other_file_and_shows_every_number(tmp_path):
    path = write(STATISTICAL, tmp_path / "cell.html", seed=3)
    text = path.read_text()
    assert [one.name for one in tmp_path.iterdir()] == ["cell.html"]
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    assert text.count("<img") == 2
    for key, quantity in STATISTICAL.technology.quantities.items():
        assert f">{key}</td>" in text
        assert f">{quantity.kind}</td>" in text
    for words in ("nothing on this page is measured", "@article{joshi2020", "seed 3", "22 numbers: 3 measured"):
        assert words in text


def test_the_words_are_those_of_the_numbers():
    found = levels(STATISTICAL, 0)
    error = 100.0 * found.error.mean() / STATISTICAL.conductance_maximum
    left = 100.0 * found.conductance[-1].mean() / found.conductance[0].mean()
    assert f"devices are {error:.1f} % of that off their target" in page(STATISTICAL)
    assert f"{left:.0f} % of the conductance is left" in page(STATISTICAL)
    assert found.times[0] == STATISTICAL.reference_time
    # published: about 1 uS of 25 (joshi2020)
    assert 0.5e-6 < found.error.mean() < 1.5e-6


def test_the_same_seed_the_same_page():
    assert page(STATISTICAL) == page(STATISTICAL) != page(STATISTICAL, seed=1)


def test_a_physical_cell_in_words():
    words = mushroom.summary(PHYSICAL, 0)
    assert words.startswith("After RESET (440 µA for 1000 ns) the median device conducts 0.0")
    exponent = float(re.search(r"exponent of ([0-9.]+)", words)[1])
    assert exponent == pytest.approx(PHYSICAL.parameters.relaxation.dome_exponent, rel=0.1)


def test_retention_is_that_of_the_viscosity():
    kept = mushroom.kept_glass(PHYSICAL, 0)
    # nucleation and growth go with the viscosity below the glass point
    assert kept["energy"].value == pytest.approx(
        PHYSICAL.parameters.crystallization.viscosity.glass_activation, rel=0.15
    )
    assert 300.0 < kept.life_temperature < 400.0


@pytest.mark.parametrize("name", ["rram-gong2018", "pcm-nandakumar2018"])
def test_a_cell_that_is_trained_shows_what_matters_for_training(name):
    """Staircases and steps first, with states, symmetry point, asymmetry and labels; levels that do not drift stand."""
    cell = pcm.load_cell(name)
    text = page(cell)
    headings = re.findall('<h2 id="[^"]*">([^<]*)<', text)
    assert headings == ["Training by pulses", "Levels", "Errors, level by level", "Every number", "Sources"]
    assert text.count("<img") == 3
    across = cell.pulses_across()
    if cell.one_sided:
        wanted = ["do not take a typical device through 90 %", "a RESET takes them back", "2.07 up", "6.5 states"]
        assert "they do not drift" not in text
    else:
        wanted = [f"{across.up:.0f} pulses up and {across.down:.0f} pulses down", "alike at 42.4 µS", "1481 states",
                  "1.56 up and 3.70 down", "asymmetry at half way 50 %", "they do not drift"]  # fmt: skip
    for words in wanted:
        assert words in text


def test_levels_that_do_not_drift_are_drawn_against_their_targets():
    cell = pcm.load_cell("ecram-tang2018")
    axes = drifting_levels(cell, levels(cell, 0)).axes[0]
    assert axes.get_xlabel() == "target conductance [µS]"
    assert drifting_levels(STATISTICAL, levels(STATISTICAL, 0)).axes[0].get_xscale() == "log"


@pytest.mark.slow
def test_a_physical_cell_is_shown_whole():
    text = page(PHYSICAL)
    headings = re.findall('<h2 id="[^"]*">([^<]*)<', text)
    assert headings == ["After RESET", "After SET pulses", "Programming", "Current and voltage", "Drift", "Noise",
                        "Retention", "Errors, level by level", "Every number", "Sources"]  # fmt: skip
    assert text.count("<img") == 9


def test_a_changed_cell_is_shown_as_changed():
    mine = STATISTICAL.but({"conductance_maximum": 20e-6}, source="mine")
    assert ">user</td>" in page(mine)


def test_what_is_no_cell_and_folders_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(
        ParameterError, match=r"cell must be one .*; gst225-film is a FilmCell, which has no conductance_maximum"
    ):
        write(pcm.load_cell("gst225-film"), tmp_path / "film.html")
    with pytest.raises(ParameterError, match=r"no folder .* to write cell\.html in"):
        write(STATISTICAL, tmp_path / "none" / "cell.html")
    assert not np.any(list(tmp_path.iterdir()))


def test_what_a_cell_has_no_law_of_is_not_drawn_as_zero():
    cell = pcm.load_cell("rram-gong2018")
    assert "the cell has no law of drift. It has no law of read noise." in page(cell)
    found = levels(cell, 0)
    texts = [one.get_text() for axes in errors(cell, found).axes for one in axes.texts]
    assert texts == ["no law of read noise", "no law of drift"]
    physical = levels(STATISTICAL, 0)
    assert physical.drifts
    assert physical.noisy

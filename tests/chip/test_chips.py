"""Shipped chips: every number with its standing, errors that name file and key, totals that are printed."""

from __future__ import annotations

import re
from importlib import resources

import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.parameters import bibliography, cite

CHIPS = pcm.list_chips()


@pytest.mark.parametrize("name", CHIPS)
def test_every_number_says_what_it_rests_on(name):
    chip = pcm.load_chip(name)
    assert chip.name == name
    assert chip.technology.title
    assert chip.technology.notes
    for path, quantity in chip.technology.quantities.items():
        assert quantity.kind in ("measured", "fit", "derived", "assumed"), path
        if quantity.kind == "assumed":
            assert quantity.note, path
        else:
            assert quantity.reference in bibliography(), path
            assert re.fullmatch(r"\w+, \S.*", quantity.source), path
        if quantity.kind == "fit":
            assert "calibrated" in quantity.note, f"{path}: what it was calibrated to does not test it"


def test_all_shipped_names_are_listed():
    files = resources.files("pcmphys.parameters").joinpath("chips").iterdir()
    assert {f"{name}.toml" for name in CHIPS} == {file.name for file in files if file.name.endswith(".toml")}
    assert not set(CHIPS) & set(pcm.list_cells())


def test_sources_are_cited():
    for name, key in (("hermes-14nm", "legallo2023"), ("ambrogio2023-14nm", "ambrogio2023"),
                      ("chang2019-90nm", "chang2019"), ("gokmen-vlasov-rpu", "gokmen2016")):  # fmt: skip
        assert cite(pcm.load_chip(name)).startswith(f"@article{{{key},")
    mine = pcm.load_chip("hermes-14nm").but({"array.voltage": 0.1}, source="my bench")
    assert "% array.voltage = 0.1 V: my bench" in cite(mine)
    assert "array.voltage = 0.1 V (user: my bench)" in mine.summary()


@pytest.mark.parametrize(("name", "words"), [
    ("hermes-14", ["chip 'hermes-14' is unknown", "did you mean 'hermes-14nm'"]),
    ("hermes-14nm-statistical", ["is unknown", "hermes-14nm"]),
    ("nowhere.toml", ["nowhere.toml: cannot be read"]),
])  # fmt: skip
def test_an_unknown_chip_is_named_with_a_near_miss(name, words):
    with pytest.raises(ParameterError) as error:
        pcm.load_chip(name)
    for word in words:
        assert word in str(error.value)
    with pytest.raises(ParameterError, match="chip must be a chip as load_chip gives it"):
        pcm.Floorplan([("a", 1, 1)], chip=7)


@pytest.mark.parametrize(("changes", "words"), [
    ({"converters.adc_energy": -1e-12}, r"converters\.adc_energy\.value: expected at least 0 J; got -1e-12"),
    ({"array.integration": 0.0}, r"array\.integration\.value: expected above 0 s; got 0"),
    ({"array.integration": -1e-9}, r"array\.integration\.value: expected above 0 s"),
    ({"chip.tiles": 2.5}, r"chip\.tiles\.value: expected a whole number; got 2\.5"),
    ({"array.activity": 1.5}, r"array\.activity\.value: expected at most 1; got 1\.5"),
    ({"converter.adc_energy": 1e-12}, r"unknown key; did you mean 'converters\.adc_energy'\?; a chip has .* more"),
])  # fmt: skip
def test_wrong_numbers_are_named(changes, words):
    with pytest.raises(ParameterError, match=words):
        pcm.load_chip("hermes-14nm").but(changes)


def test_a_file_of_ones_own_stands_on_a_shipped_chip(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nbase = "hermes-14nm"\n'
        '[tile]\nrows = { value = 512, unit = "1", kind = "assumed", note = "bigger" }\n'
    )
    chip = pcm.load_chip(path)
    assert (chip.rows, chip.columns, chip.tiles) == (512, 256, 64)
    assert "from hermes-14nm" in chip.technology.descent
    cell = tmp_path / "cell.toml"
    cell.write_text('name = "cell"\nmodel = "statistical"\ntitle = "no chip"\n')
    with pytest.raises(ParameterError, match=r"cell\.toml: model: expected 'chip'; got 'statistical'"):
        pcm.load_chip(cell)


def test_a_cell_is_not_found_among_chips_nor_a_chip_among_cells():
    with pytest.raises(ParameterError, match="cell 'ambrogio2023-14nm' is unknown"):
        pcm.load_cell("ambrogio2023-14nm")

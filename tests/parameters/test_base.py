"""Parameter files that hold what differs from another."""

import os

import pytest
from typer.testing import CliRunner

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.cells import load_cell
from pcmphys.cli import app
from pcmphys.study.registry import plan_of

OWN = 'on_voltage = { value = 0.5, unit = "V", kind = "assumed" }'


@pytest.fixture
def write(tmp_path):
    def writer(name, base, *lines, head=""):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        text = f'name = "{path.stem}"\nbase = "{base}"\n{head}\n' + "\n".join(lines)
        path.write_text(text, encoding="utf-8")
        return path

    return writer


def test_what_a_file_does_not_hold_is_that_of_its_base(write):
    cell, base = load_cell(write("mine.toml", "ibm-90nm-doped-gst", "[heat]", OWN)), load_cell("ibm-90nm-doped-gst")
    assert cell.name == "mine"
    assert cell.parameters == base.but({"heat.on_voltage": 0.5}).parameters
    found, expected = cell.technology, base.technology
    assert (found.title, found.notes, found.model) == (expected.title, expected.notes, expected.model)
    assert list(found.quantities) == list(expected.quantities)
    for key, quantity in expected.quantities.items():
        assert (found.quantities[key] == quantity) == (key != "heat.on_voltage")
    assert found.inherited == dict.fromkeys(expected.quantities.keys() - {"heat.on_voltage"}, "ibm-90nm-doped-gst")
    # the number that it replaces was measured, its own is assumed
    assert set(pcm.cite(base).split("\n\n")) - set(pcm.cite(cell).split("\n\n")) == {
        entry for entry in pcm.cite(base).split("\n\n") if "marrone2022" in entry
    }


def test_the_projected_cell_is_the_doped_one_with_a_liner():
    technology = load_cell("ibm-90nm-projected").technology
    own = [key for key in technology.quantities if key not in technology.inherited]
    assert own == ["read.conductance_minimum", "liner.sheet_resistance", "liner.interface_resistance"]
    base = load_cell("ibm-90nm-doped-gst").technology
    assert {key: technology.quantities[key] for key in technology.inherited}.items() <= base.quantities.items()


def test_a_chain_of_files_in_several_folders(write, tmp_path, monkeypatch):
    write("lab/first.toml", "ibm-90nm-projected", "[heat]", OWN)
    path = write(
        "second.toml", "lab/first.toml", "[liner]", 'sheet_resistance = { value = 2e4, unit = "ohm", kind = "assumed" }'
    )
    cell = load_cell(path)
    assert cell.parameters.liner.sheet_resistance == 2e4
    assert cell.parameters.heat.on_voltage == 0.5
    homes = cell.technology.inherited
    assert (homes["heat.on_voltage"], homes["read.conductance_minimum"], homes["heat.ambient"]) == (
        "first",
        "ibm-90nm-projected",
        "ibm-90nm-doped-gst",
    )
    # wherever one stands
    monkeypatch.chdir(tmp_path / "lab")
    assert load_cell("../second.toml").parameters == cell.parameters


def test_sources_beside_a_base_are_known_to_what_stands_on_it(write, tmp_path):
    own = 'on_voltage = { value = 0.5, unit = "V", kind = "measured", source = "me2026, Fig. 1" }'
    (tmp_path / "first.bib").write_text("@misc{me2026, title={Mine}}")
    write("first.toml", "ibm-90nm-doped-gst", "[heat]", own)
    again = 'on_resistance = { value = 9.0, unit = "ohm", kind = "measured", source = "me2026, Fig. 2" }'
    cell = load_cell(write("second.toml", "first.toml", "[heat]", again))
    assert "@misc{me2026, title={Mine}}" in pcm.cite(cell)


def test_a_circle_names_its_files(write, tmp_path):
    write("one.toml", "two.toml")
    write("two.toml", "three.toml")
    write("three.toml", "two.toml")
    with pytest.raises(ParameterError) as error:
        load_cell(tmp_path / "one.toml")
    names = [os.path.basename(part) for part in str(error.value).partition("each other's base: ")[2].split(" -> ")]
    assert names == ["two.toml", "three.toml", "two.toml"]
    write("self.toml", "./self.toml")
    with pytest.raises(ParameterError, match=r"each other's base: .*self.toml -> .*self.toml"):
        load_cell(tmp_path / "self.toml")


DOPED = "ibm-90nm-doped-gst"
REFUSED = {
    # base, more of the header, lines, and the parts that the message must hold besides the file's name
    "unknown base": (DOPED[:-4], "", [], ["base: 'ibm-90nm-doped' is unknown", "mean 'ibm-90nm-doped-gst'"]),
    "no file": ("away.toml", "", [], ["away.toml (the base of ", "cannot be read"]),
    "range": (DOPED, "", ["[heat]", OWN.replace("0.5", "-1.0")], ["heat.on_voltage.value: expected above 0"]),
    "unit": (DOPED, "", ["[heat]", OWN.replace('"V"', '"mA"')], ["heat.on_voltage.unit: expected 'V'"]),
    "half an entry": (DOPED, "", ["[heat]", "on_voltage = { value = 0.5 }"], ["heat.on_voltage.unit: missing"]),
    "key": (DOPED, "", ["[heat]", OWN.replace("on_", "in_")], ["in_voltage: unknown key", "'heat.on_voltage'"]),
    "another model": (DOPED, 'model = "film"', [], ["model: expected 'mushroom', as in its base"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_in_a_file_with_a_base(write, name):
    base, head, lines, parts = REFUSED[name]
    with pytest.raises(ParameterError) as error:
        load_cell(write("mine.toml", base, *lines, head=head))
    for part in ["mine.toml", *parts]:
        assert part in str(error.value)


def test_base_is_text(write, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nbase = 3\n')
    with pytest.raises(ParameterError, match="base must be text; got 3"):
        load_cell(path)


def test_show_tells_what_is_inherited(write):
    path = write("mine.toml", "ibm-90nm-projected", "[heat]", OWN)
    shown = CliRunner().invoke(app, ["cells", "show", str(path)]).output
    words = " ".join(shown.split())
    # all but the heat's own and the one that the projected cell changes
    kept = len(load_cell("ibm-90nm-doped-gst").technology.quantities) - 2
    first = "own numbers: heat.on_voltage; inherited: 3 from ibm-90nm-projected"
    assert f"{first}, {kept} from ibm-90nm-doped-gst" in words


def test_a_study_notices_a_changed_base(write):
    def content():
        config = pcm.study.StudyConfig(cells=(str(path),), chips=1, inputs=10)
        return plan_of(config).content()

    write("base.toml", "ibm-90nm-statistical", 'read_voltage = { value = 0.1, unit = "V", kind = "assumed" }')
    path = write("mine.toml", "base.toml")
    before = content()
    assert content() == before
    write("base.toml", "ibm-90nm-statistical", 'read_voltage = { value = 0.2, unit = "V", kind = "assumed" }')
    assert content() != before

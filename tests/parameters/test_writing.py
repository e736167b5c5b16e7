"""A cell as a parameter file: read back, it is the same cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.parameters import Quantity, Technology
from pcmphys.parameters.writing import written


@pytest.mark.parametrize("name", pcm.list_cells())
def test_every_technology_comes_back(name, tmp_path):
    cell = pcm.load_cell(name)
    path = pcm.save_cell(cell, tmp_path / f"{name}.toml")
    again = pcm.load_cell(path)
    assert again.parameters == cell.parameters
    assert again.technology.quantities == cell.technology.quantities
    assert again.name == name
    assert pcm.cite(again) == pcm.cite(cell)


def test_changed_cells_keep_their_sources(tmp_path):
    cell = pcm.load_cell("ibm-90nm-projected").but(
        {"read.voltage": {"value": 0.1, "note": 'wafer "7", µ'}}, source="my lab\nyes"
    )
    again = pcm.load_cell(pcm.save_cell(cell, tmp_path / "Wafer 7.toml"))
    assert again.name == "wafer-7"
    assert again.parameters == cell.parameters
    assert again.technology.quantities["read.voltage"] == cell.technology.quantities["read.voltage"]
    assert "Own numbers: read.voltage; all others are those of" in again.technology.notes[-1]
    assert "my lab" in pcm.cite(again)
    assert pcm.load_cell(pcm.save_cell(cell, tmp_path / "a.toml", name="mine")).name == "mine"


def test_sources_of_ones_own_go_along(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\nbase = "ibm-90nm-statistical"\n'
        'read_voltage = { value = 0.1, unit = "V", kind = "measured", source = "me2026, Fig. 1" }\n'
    )
    (tmp_path / "mine.bib").write_text("@misc{me2026, title={Mine}}")
    cell = pcm.load_cell(tmp_path / "mine.toml")
    again = pcm.load_cell(pcm.save_cell(cell, tmp_path / "copy.toml"))
    assert again.technology.quantities == cell.technology.quantities
    assert "me2026" in pcm.cite(again)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    value=st.floats(allow_nan=False, allow_infinity=False) | st.tuples(st.floats(-1e300, 1e300), st.floats(-1, 1)),
    source=TEXT,
    note=TEXT,
    key=st.sampled_from(["a", "b.c", "b.d.e"]),
)
def test_any_text_and_any_number_come_back(value, source, note, key):
    import tomllib

    quantity = Quantity(value=value, unit="S", kind="user", source=source, note=note)
    technology = Technology(
        name="x", model="statistical", title=note, notes=(source,), quantities={key: quantity}, file=""
    )
    found = tomllib.loads(written(technology, "x"))
    assert found["title"] == note
    assert found["notes"] == [source]
    for part in key.split("."):
        found = found[part]
    assert Quantity.model_validate(found) == quantity


def test_what_is_there_is_left_alone(tmp_path):
    cell = pcm.load_cell("ibm-90nm-statistical").but({"read_voltage": 0.1}, source="mine")
    path = pcm.save_cell(cell, tmp_path / "a.toml")
    before = path.read_bytes()
    with pytest.raises(ParameterError, match=r"a.toml is there already; overwrite=True replaces it"):
        pcm.save_cell(pcm.load_cell("ibm-90nm-projected"), path)
    assert path.read_bytes() == before
    pcm.save_cell(pcm.load_cell("ibm-90nm-projected"), path, overwrite=True)
    assert path.read_bytes() != before
    for name in ("b", "mine"):
        (tmp_path / f"{name}.bib").write_text(f"@misc{{{name}, title={{{name}}}}}")
    (tmp_path / "b.toml").write_text('name = "b"\nbase = "ibm-90nm-statistical"\n')
    sourced = pcm.load_cell(tmp_path / "b.toml")
    with pytest.raises(ParameterError, match=r"mine.bib is there already"):
        pcm.save_cell(sourced, tmp_path / "mine.toml")
    assert "@misc{mine" in (tmp_path / "mine.bib").read_text()


def test_what_cannot_be_written(tmp_path):
    cell = pcm.load_cell("ibm-90nm-statistical")
    for arguments, says in (
        ((3, tmp_path / "a.toml"), "cell must be a cell as load_cell gives it; got 3"),
        ((cell, tmp_path / "a.txt"), "path must end in .toml"),
    ):
        with pytest.raises(ParameterError, match=says):
            pcm.save_cell(*arguments)
    with pytest.raises(ParameterError, match="name must be of small letters, digits and dashes; got 'A b'"):
        pcm.save_cell(cell, tmp_path / "a.toml", name="A b")
    (tmp_path / "ro").write_text("")
    with pytest.raises(OSError, match="ro"):
        pcm.save_cell(cell, tmp_path / "ro" / "a.toml")

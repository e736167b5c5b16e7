"""A law that is chosen by its table: one, in the file itself or in what it stands on; never two, never none."""

import pytest

import pcmphys as pcm
from pcmphys.cells import load_cell
from pcmphys.errors import ParameterError

DOPED = load_cell("ibm-90nm-doped-gst")
HOPS = ["[conduction.hopping]", 'hop_distance = { value = 7e-9, unit = "m", kind = "assumed" }']
TRAPS = [
    "[conduction.poole_frenkel]",
    'permittivity = { value = 12.0, unit = "1", kind = "assumed" }',
    'trap_distance = { value = 6e-9, unit = "m", kind = "assumed" }',
]


@pytest.fixture
def write(tmp_path):
    def writer(name, base, *lines):
        path = tmp_path / name
        path.write_text(f'name = "{path.stem}"\nbase = "{base}"\n' + "\n".join(lines), encoding="utf-8")
        return path

    return writer


def laws(cell):
    c = cell.parameters.conduction
    found = [name for name in ("hopping", "poole_frenkel") if getattr(c, name) is not None]
    keys = {key.split(".")[1] for key in cell.technology.quantities if key.count(".") == 2 and key[:4] == "cond"}
    assert keys == set(found)  # what is not chosen is neither shown, nor cited, nor written
    assert all(key in cell.technology.quantities for key in cell.technology.inherited)
    return found


def test_the_shipped_cells_hop():
    for name in ("ibm-90nm-doped-gst", "ibm-90nm-projected"):
        cell = load_cell(name)
        assert laws(cell) == ["hopping"]
        hop = cell.technology.quantities["conduction.hopping.hop_distance"]
        assert (hop.value, hop.kind, hop.reference) == (6e-9, "measured", "hopping2022")
        assert "arXiv:2210.14035" in pcm.cite(cell)


def test_what_a_file_chooses_replaces_what_its_base_has_chosen(write):
    write("a.toml", "ibm-90nm-doped-gst", *TRAPS)
    write("b.toml", "a.toml", "[heat]", 'on_voltage = { value = 0.9, unit = "V", kind = "assumed" }')
    write("c.toml", "b.toml", *HOPS)
    last = write("d.toml", "c.toml")
    chain = [load_cell(last.parent / f"{name}.toml") for name in "abcd"]
    assert [laws(cell) for cell in chain] == [["poole_frenkel"], ["poole_frenkel"], ["hopping"], ["hopping"]]
    assert chain[3].parameters.conduction.hopping.hop_distance == 7e-9
    assert "arXiv:2210.14035" not in pcm.cite(chain[0])


def test_a_change_chooses_too(tmp_path):
    emitting = DOPED.but({"conduction.poole_frenkel": {"permittivity": 12.0, "trap_distance": 6e-9}}, source="mine")
    assert laws(emitting) == ["poole_frenkel"]
    assert laws(DOPED) == ["hopping"]
    again = load_cell(pcm.save_cell(emitting, tmp_path / "emitting.toml"))
    assert again.parameters == emitting.parameters
    assert laws(emitting.but({"heat.on_voltage": 0.9})) == ["poole_frenkel"]
    back = emitting.but({"conduction.hopping.hop_distance": 5e-9}, source="mine")
    assert laws(back) == ["hopping"]
    # the dome's least thickness is that of the law, and a threshold knows it
    assert back.parameters.conduction.least_thickness == 5e-9


REFUSED = {
    "both": ([*HOPS, *TRAPS], ["conduction.hopping and conduction.poole_frenkel", "got 2 tables at once"]),
    "half a law": (TRAPS[:2], ["conduction.poole_frenkel.trap_distance: missing; expected a value in m"]),
    "old key": (
        ["[conduction]", HOPS[1]],
        ["conduction.hop_distance: unknown key", "did you mean 'conduction.hopping.hop_distance'"],
    ),
    "negative": ([HOPS[0], HOPS[1].replace("7e-9", "-7e-9")], ["hop_distance.value: expected above 0 m; got -7e-09"]),
    "nanometres": ([HOPS[0], HOPS[1].replace("7e-9", "7.0")], ["hop_distance.value: expected at most 1e-07 m; got 7"]),
    "permittivity": ([line.replace("12.0", "0.5") for line in TRAPS], ["permittivity.value: expected at least 1"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_of_a_choice_are_named(write, name):
    lines, parts = REFUSED[name]
    with pytest.raises(ParameterError) as error:
        load_cell(write("mine.toml", "ibm-90nm-doped-gst", *lines))
    for part in ["mine.toml", *parts]:
        assert part in str(error.value)


def test_two_laws_at_once_in_a_change():
    both = {"hopping": {"hop_distance": 5e-9}, "poole_frenkel": {"permittivity": 12.0, "trap_distance": 6e-9}}
    with pytest.raises(ParameterError, match="got 2 tables at once"):
        DOPED.but({"conduction": both})


def test_no_law_at_all(tmp_path):
    path = pcm.save_cell(DOPED, tmp_path / "whole.toml")
    whole = path.read_text()
    start = whole.index("[conduction.hopping]")
    table = whole[start : whole.index("[", start + 1)]
    for text, says in (
        (whole.replace(table, ""), "conduction.hopping or conduction.poole_frenkel: missing; expected one table"),
        (whole.replace(".hopping", ".hoping"), "is it misspelt as 'conduction.hoping.hop_distance'"),
    ):
        path.write_text(text)
        with pytest.raises(ParameterError, match=says):
            load_cell(path)

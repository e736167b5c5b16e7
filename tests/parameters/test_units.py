"""SI prefixes in cell files: the same numbers as without, and what a file of one's own needs."""

import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError

DOPED = "ibm-90nm-doped-gst"
THICK, VOLT = "geometry.front_roughness", "heat.on_voltage"


@pytest.mark.parametrize(
    ("key", "value", "unit", "same"),
    [
        (THICK, 6.1, "nm", 6.1e-9),
        (THICK, 0.0061, "µm", 6.1e-9),
        (THICK, 0.0061, "um", 6.1e-9),
        (VOLT, 533.0, "mV", 0.533),
    ],
)
def test_a_prefix_moves_the_point_and_nothing_else(key, value, unit, same, tmp_path):
    cell = pcm.load_cell(DOPED).but({key: {"value": value, "unit": unit}}, source="mine")
    quantity = cell.technology.quantities[key]
    assert quantity.value == same  # every bit
    assert quantity.unit == unit[-1]
    path = tmp_path / "mine.toml"
    path.write_text(
        f'name = "mine"\nbase = "{DOPED}"\n[{key.partition(".")[0]}]\n'
        f'{key.partition(".")[2]} = {{ value = {value}, unit = "{unit}", kind = "user", source = "me" }}\n',
        encoding="utf-8",
    )
    assert pcm.load_cell(path).parameters == cell.parameters


@pytest.mark.parametrize("unit", ["V", "Nm", "nm2", "nmm", "mol", "1"])
def test_what_is_no_prefix_is_refused(unit):
    with pytest.raises(ParameterError, match=r"front_roughness\.unit: expected 'm'"):
        pcm.load_cell(DOPED).but({THICK: {"value": 6.0, "unit": unit}})


def test_powers_take_no_prefix():
    cell = pcm.load_cell("ibm-90nm-projected")
    with pytest.raises(ParameterError, match=r"interface_resistance\.unit: expected 'ohm m2'"):
        cell.but({"liner.interface_resistance": {"value": 1.0, "unit": "ohm mm2"}})


def test_messages_about_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f'base = "{DOPED}"\n')
    with pytest.raises(ParameterError, match="name: missing; a file with a base needs its own name alone"):
        pcm.load_cell(path)
    path.write_text("")
    with pytest.raises(ParameterError, match="name: missing; a parameter file needs name, model, title, or name"):
        pcm.load_cell(path)
    own = 'name = "mine"\nbase = "%s"\n[heat]\n%s = { value = 0.5, unit = "V", kind = "measured", source = "me" }\n'
    path.write_text(own % (DOPED, "on_voltage"))
    with pytest.raises(ParameterError, match=r'put the entry into mine\.bib, .* or write kind = "user", whose'):
        pcm.load_cell(path)
    path.write_text((own % (DOPED, "on_voltag")).replace("measured", "user"))
    with pytest.raises(ParameterError, match=r"on_voltag: unknown key; did you mean 'heat\.on_voltage'") as caught:
        pcm.load_cell(path)
    assert len(str(caught.value)) < 800
    assert "more (pcmphys cells show" in str(caught.value)

"""Cells with numbers of one's own: checked as a parameter file is, told apart from what was published."""

import copy

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.cells import load_cell

KEYS = {
    "ibm-90nm-doped-gst": ("heat.on_voltage", 0.5, "V"),
    "ibm-90nm-statistical": ("conductance_maximum", 30e-6, "S"),
    "gst225-film": ("crystallization.nucleation_factor", 0.5, "1"),
}


def number(cell, key):
    found = cell.parameters
    for part in key.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", KEYS)
def test_a_changed_cell_holds_the_new_number_and_says_whose_it_is(name):
    key, value, unit = KEYS[name]
    cell = load_cell(name)
    before, technology = copy.deepcopy(cell.parameters), cell.technology.model_dump_json()
    mine = cell.but({key: value}, source="mine")
    assert type(mine) is type(cell)
    assert mine.name == f"{name} (changed)"
    assert number(mine, key) == value
    quantity = mine.technology.quantities[key]
    assert (quantity.value, quantity.unit, quantity.kind, quantity.source) == (value, unit, "user", "mine")
    assert f"{key} = " in mine.technology.summary()
    assert "(user: mine)" in mine.technology.summary()
    assert mine.technology.descent.startswith(f"own numbers: {key}; inherited: ")
    assert f"% {key} = {value:g} {unit}: mine" in pcm.cite(mine).splitlines()
    assert pcm.cite(mine).startswith(pcm.cite(cell)[:40])
    # the old one is as it was, and all other numbers are the same
    assert cell.parameters == before
    assert cell.technology.model_dump_json() == technology
    assert mine.but({key: number(cell, key)}).parameters == cell.parameters


def test_several_changes_at_once_and_one_after_the_other():
    cell = load_cell("ibm-90nm-doped-gst")
    mine = cell.but({"heat.on_voltage": 0.5, "read.voltage": 0.1}, source="mine", name="cold")
    again = mine.but({"heat": {"on_resistance": 100}}, source="yours")
    assert mine.name == "cold"
    assert again.name == "cold (changed)"
    assert again.but({}).name == "cold (changed)"
    heat = again.parameters.heat
    assert (heat.on_voltage, heat.on_resistance, again.parameters.read.voltage) == (0.5, 100.0, 0.1)
    assert [again.technology.quantities[f"heat.{key}"].source for key in ("on_voltage", "on_resistance")] == [
        "mine",
        "yours",
    ]
    kept = len(cell.technology.quantities) - 3  # all but the three that were changed
    inherited = f"inherited: {kept} from ibm-90nm-doped-gst, 2 from cold"
    assert again.technology.descent == f"own numbers: heat.on_resistance; {inherited}"


def test_rows_of_numbers_and_numbers_of_numpy():
    cell = load_cell("ibm-90nm-statistical")
    key = next(k for k, q in cell.technology.quantities.items() if isinstance(q.value, tuple))
    row = tuple(2.0 * v for v in cell.technology.quantities[key].value)
    for given in (row, list(row), np.array(row), [np.float64(v) for v in row]):
        assert cell.but({key: given}).technology.quantities[key].value == row
    assert cell.but({"conductance_maximum": np.float32(0.5)}).conductance_maximum == 0.5
    assert cell.but({"conductance_maximum": np.int64(1)}).conductance_maximum == 1.0


def test_a_table_says_more_than_a_number():
    cell = load_cell("ibm-90nm-doped-gst")
    table = {"value": 0.5, "kind": "measured", "source": "joshi2020, Fig. 3", "note": "ours"}
    quantity = cell.but({"heat.on_voltage": table}).technology.quantities["heat.on_voltage"]
    assert (quantity.unit, quantity.kind, quantity.note) == ("V", "measured", "ours")
    with pytest.raises(ParameterError, match="'nobody2020' is not in references"):
        cell.but({"heat.on_voltage": {"value": 0.5, "kind": "measured", "source": "nobody2020, Fig. 3"}})


def test_what_may_be_left_out_may_be_added():
    cell = load_cell("ibm-90nm-doped-gst")
    liner = {"sheet_resistance": 1e4, "interface_resistance": 4e-10}
    mine = cell.but({"liner": liner, "read.conductance_minimum": 5e-6})
    assert mine.parameters == load_cell("ibm-90nm-projected").parameters
    a, b = (c.population(20, seed=3) for c in (mine, load_cell("ibm-90nm-projected")))
    for devices in (a, b):
        devices.program(1e-5)
    assert np.array_equal(a.read(), b.read())


REFUSED = {
    "unknown": ({"heat.on_voltag": 0.5}, "heat.on_voltag: unknown key; did you mean 'heat.on_voltage'?; a", ""),
    "range": ({"heat.on_voltage": -1}, "heat.on_voltage.value: expected above 0 V; got -1", ""),
    "not finite": ({"heat.on_voltage": np.nan}, "heat.on_voltage.value: expected above 0 V; got nan", ""),
    "unit": ({"heat.on_voltage": {"value": 5.0, "unit": "mA"}}, "heat.on_voltage.unit: expected 'V'; got 'mA'", ""),
    "text": ({"heat.on_voltage": "0.5"}, "heat.on_voltage.value must be a number or a list of numbers; got '0.5'", ""),
    "bool": ({"heat.on_voltage": True}, "heat.on_voltage.value must be a number or a list of numbers; got True", ""),
    "row": ({"heat.on_voltage": [1.0, 2.0]}, "heat.on_voltage.value: expected one number in V", ""),
    "order": ({"read.voltage": 0.5}, "read.largest_voltage.value: expected at least voltage = 0.5", ""),
    "part": ({"liner.sheet_resistance": 1e4}, "liner.interface_resistance: missing; expected a value in ohm m2", ""),
    "entry": ({"heat.on_voltage": {"value": 1.0, "units": "V"}}, "heat.on_voltage.units: unknown key", "mean 'unit'"),
    "masked": ({"heat.on_voltage": np.ma.masked}, "heat.on_voltage must not hold masked values", ""),
    "no dict": (["heat.on_voltage"], "changes must be a dict", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_changes_are_refused_as_in_a_file(name):
    changes, *parts = REFUSED[name]
    with pytest.raises(ParameterError) as error:
        load_cell("ibm-90nm-doped-gst").but(changes)
    for part in parts:
        assert part in str(error.value)


@pytest.mark.parametrize("options", [{"source": 3}, {"name": ""}, {"name": "two\nlines"}, {"name": 7}])
def test_source_and_name_are_text(options):
    with pytest.raises(ParameterError, match=f"{next(iter(options))} must be text"):
        load_cell("ibm-90nm-doped-gst").but({}, **options)

"""What a mushroom population refuses, and says why: argument, value, unit, range; nothing is changed by it."""

import math
import re
from importlib import resources

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from tests.cells.mushroom.mushroom_cells import CELL, RESET, P, history, same, state


def prepared():
    devices = CELL.population((2, 3), seed=1)
    devices.apply(RESET)
    return devices


LARGEST = P.heat.largest_current
BAD = [
    (r"current must lie within \[-0.001, 0.001\] A", lambda d: d.apply(pcm.Pulse(current=1.01 * LARGEST, width=1e-9))),
    (r"current must lie within", lambda d: d.apply(pcm.Pulse(current=-1.01 * LARGEST, width=1e-9))),
    (r"voltage must lie within .* V", lambda d: d.apply(pcm.Pulse(voltage=5.0, width=1e-9))),
    (r"amplitude must lie within .*got 0.002 A", lambda d: d.apply(RESET, amplitude=2e-3)),
    (r"amplitude must be a number or have shape \(2, 3\); got shape \(3, 2\)",
     lambda d: d.apply(RESET, amplitude=np.ones((3, 2)) * 1e-4)),
    (r"amplitude must be a number or have shape", lambda d: d.apply(RESET, amplitude=[1e-4] * 3)),
    (r"amplitude must hold finite numbers in A", lambda d: d.apply(RESET, amplitude=math.nan)),
    (r"pulse must be a Pulse; got 0.0004", lambda d: d.apply(400e-6)),
    (r"repeat must be a whole number within \[1, inf\]; got 0", lambda d: d.apply(RESET, repeat=0)),
    (r"repeat must be a whole number", lambda d: d.apply(RESET, repeat=2.0)),
    (r"pause must be a number in s within \[0, inf\); got -1 s", lambda d: d.apply(RESET, pause=-1.0)),
    (r"where must be an array of bool of shape \(2, 3\)", lambda d: d.apply(RESET, where=np.ones(6, dtype=bool))),
    (r"where must be an array of bool", lambda d: d.apply(RESET, where=np.ones((2, 3)))),
    (r"where must be an array of bool", lambda d: d.read(where=True)),
    (r"where must be an array of bool", lambda d: d.program(1e-6, where=[0, 1])),
    (r"temperature must be a number in K within \[77, 880\), below melting; got 880 K",
     lambda d: d.wait(1.0, temperature=880.0)),
    (r"temperature must be a number in K .*got 900 K", lambda d: d.apply(RESET, temperature=900.0)),
    (r"temperature must be a number in K .*got 10 K", lambda d: d.wait(1.0, temperature=10.0)),
    (r"temperature must be .*got nan K", lambda d: d.read(temperature=math.nan)),
    (r"temperature must be .*got 'hot'", lambda d: d.current(0.1, temperature="hot")),
    (r"temperature must be", lambda d: d.conductance(temperature=2000.0)),
    (r"temperature must be", lambda d: d.threshold_voltage(temperature=-1.0)),
    (r"duration must be a number in s within \[0, inf\); got -1 s", lambda d: d.wait(-1.0)),
    (r"duration must be .*got nan s", lambda d: d.wait(math.nan)),
    (r"duration must be", lambda d: d.wait(math.inf)),
    (r"duration must be", lambda d: d.wait("1")),
    (r"duration must be a number in s within \(0, inf\); got 0 s", lambda d: d.read(duration=0.0)),
    (r"voltage must be a number in V, .*at most 0.3 V .*got 0.31 V", lambda d: d.read(0.31)),
    (r"voltage must be a number in V, .*got -0.5 V", lambda d: d.read(-0.5)),
    (r"voltage must be a number in V, not zero", lambda d: d.read(0.0)),
    (r"voltage must be .*got nan V", lambda d: d.read(math.nan)),
    (r"voltage must be a number or have shape \(2, 3\)", lambda d: d.current(np.ones((3, 2)) * 0.1)),
    (r"voltage must hold finite numbers in V", lambda d: d.current(math.nan)),
    (r"targets must be a number or have shape", lambda d: d.program(np.ones(6) * 1e-6)),
    (r"targets must hold finite numbers in S", lambda d: d.program(-1e-6)),
    (r"targets must hold finite numbers", lambda d: d.program(math.nan)),
    (r"shape must be a whole number", lambda d: d.cell.population(-1)),
    (r"shape\[1\] must be a whole number", lambda d: d.cell.population((2, 2.5))),
    (r"seed must be a whole number", lambda d: d.cell.population(3, seed=-1)),
    (r"first_cell must be a whole number", lambda d: d.cell.population(3, first_cell=2**64 - 3)),
    (r"stuck_high must be a number within \[0, 1\]", lambda d: d.cell.population(3, stuck_high=1.1)),
    (r"stuck_low must be a number within \[0, 0.4\]", lambda d: d.cell.population(3, stuck_high=0.6, stuck_low=0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("message", "call"), BAD, ids=range(len(BAD)))
def test_bad_input_is_named_and_changes_nothing(message, call):
    devices = prepared()
    untouched = devices.copy()
    with pytest.raises(ParameterError, match=rf"^{message}"):
        call(devices)
    assert devices.time == untouched.time
    assert devices._event == untouched._event
    assert same(state(devices), state(untouched))
    assert same([devices.read()], [untouched.read()])


def test_the_whole_allowed_range_is_allowed():
    devices = prepared()
    devices.apply(pcm.Pulse(current=LARGEST, width=1e-9))
    devices.apply(pcm.Pulse(current=-LARGEST, width=1e-9))
    leads = P.heat.on_resistance + P.conduction.series_resistance
    devices.apply(pcm.Pulse(voltage=P.heat.on_voltage + leads * LARGEST, width=1e-9))
    devices.apply(pcm.Pulse(voltage=2.8, width=1e-9))  # the same number as it is printed
    devices.apply(pcm.Pulse(voltage=-2.8, width=1e-9))
    devices.wait(0.0)
    devices.wait(1e-9, temperature=77.0)
    devices.wait(1e-9, temperature=math.nextafter(P.crystallization.melting_temperature, 0.0))
    assert np.isfinite(devices.read(P.read.largest_voltage)).all()
    assert np.isfinite(devices.read(-P.read.largest_voltage)).all()


SHARES = resources.files("pcmphys.parameters").joinpath("ibm-90nm-doped-gst.toml")
TEXT = resources.files("pcmphys.parameters").joinpath("ibm-90nm-projected.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", ["sheet_resistance", "interface_resistance"])
@pytest.mark.parametrize("value", ["0.0", "-1e4", "nan"])
def test_a_liner_needs_positive_resistances(tmp_path, key, value):
    lines = [f"{key} = {{ value = {value}, {line.split(',', 1)[1]}" if line.startswith(key) else line
             for line in TEXT.splitlines()]  # fmt: skip
    file = tmp_path / "mine.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ParameterError, match=rf"liner\.{key}"):
        pcm.load_cell(file)


def test_a_copy_of_a_parameter_file_is_the_same_cell(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(TEXT, encoding="utf-8")
    cells = pcm.load_cell(str(file)), pcm.load_cell("ibm-90nm-projected")
    assert cells[0].parameters == cells[1].parameters
    assert same(*(history(cell.population(6, seed=2)) for cell in cells))


def test_the_last_event_is_used_and_then_refused():
    devices = prepared()
    devices._event = 2**32 - 3
    assert np.isfinite(devices.read()).all()  # a read and what had to be lived through before it: at most two events

    def more():
        for _ in range(3):
            devices.read()

    with pytest.raises(ParameterError, match="event: a population has 4294967295"):
        more()


def test_names_and_texts():
    assert repr(CELL) == "MushroomCell('ibm-90nm-doped-gst')"
    devices = CELL.population((2, 3))
    devices.wait(1.5)
    assert repr(devices) == "MushroomPopulation('ibm-90nm-doped-gst', shape=(2, 3), time=1.5 s)"
    assert (CELL.read_voltage, CELL.conductance_maximum, CELL.reference_time) == (0.2, 25e-6, 20.0)
    assert set(devices.identity) >= {"heater_radius", "thermal_resistance", "growth", "dome_drift"}


@pytest.mark.parametrize(
    ("line", "value"),
    [("melt_limit", "1.01"), ("front_memory", "1.5"), ("front_memory", "-0.1"), ("melt_limit", "0.0")],
)
def test_a_share_lies_between_none_and_all(line, value, tmp_path):
    text = SHARES.read_text(encoding="utf-8")
    before = next(row for row in text.splitlines() if row.startswith(line))
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(before, re.sub(r"value = [0-9.e-]+", f"value = {value}", before)), encoding="utf-8")
    with pytest.raises(ParameterError, match=rf"{line}\.value: expected (at most 1|at least 0|above 0); got"):
        pcm.load_cell(file)

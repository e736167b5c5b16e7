"""The study of selectors: margins that behave, the same result anywhere, known answers on arrays without wires."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import re
import threading
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import xarray as xr

import pcmphys as pcm
from pcmphys.crossbar import OTS, Crossbar, Diode, Transistor, Wires
from pcmphys.crossbar.analysis.margins import read_margin
from pcmphys.errors import ParameterError
from pcmphys.numerics.parts import Parts
from pcmphys.study import SelectorMarginConfig, run, save
from pcmphys.study.selector_margin import study
from pcmphys.study.selectors import applied_voltage

SMALL = {"study": "selector-margin", "sizes": [4, 8, 16], "wires": [0.0, 50.0], "inputs": 2}
TINY = {**SMALL, "sizes": [3, 4], "selectors": ["none", "diode", "ots"]}


@pytest.fixture(scope="module")
def dataset():
    return run(SMALL)


def test_every_result_is_there_with_its_unit(dataset):
    assert dataset["read_margin"].dims == ("selector", "size", "wire", "scheme")
    assert dataset["read_margin"].shape == (5, 3, 2, 4)
    assert dataset["device_voltage"].shape == (5, 16, 16)
    for name, variable in dataset.data_vars.items():
        assert variable.attrs["units"] in ("1", "V", "A", "W"), name
        assert variable.attrs["long_name"], name
        assert np.isfinite(variable.values).all(), name
    assert dataset["wire"].attrs["units"] == "ohm"
    assert json.loads(dataset.attrs["without_answer"]) == []
    assert json.loads(dataset.attrs["settings"])["study"] == "selector-margin"
    for source in ("@article{chen2013", "@article{joshi2020"):
        assert source in dataset.attrs["references"]


def test_without_selector_open_lines_lose_the_margin_with_size_and_selectors_keep_it(dataset):
    ideal = dataset["read_margin"].sel(scheme="float", wire=0.0)
    falls = ideal.diff("size")
    assert (falls.sel(selector="none") < -1.0).all()
    assert (ideal.sel(selector="none") < 0.0).all()
    for name in ("diode", "transistor", "ots"):
        assert (abs(falls.sel(selector=name)) < 0.01).all(), name
        assert (ideal.sel(selector=name) > 0.97).all(), name


def test_without_selector_and_wires_the_margins_are_those_of_the_formula(dataset):
    high, low = 25e-6, 0.25e-6
    for n in (4, 8, 16):
        one = dataset.sel(selector="none", wire=0.0, size=n)

        def ratio(sneak, n=n):
            return 1.0 - (low + sneak * high) / (high + sneak * low)

        # V/2: half of each other cell's current on the bit line. Open: (n - 1), (n - 1)^2, (n - 1) cells in series
        open_lines = 1.0 / (2.0 / (n - 1) + 1.0 / (n - 1) ** 2)
        expected = {"half": ratio((n - 1) / 2), "float": ratio(open_lines), "ground": 1.0 - low / high}
        for scheme, value in expected.items():
            assert float(one["read_margin"].sel(scheme=scheme)) == pytest.approx(value, rel=1e-9), scheme
        assert float(one["write_margin"]) == pytest.approx(0.5, rel=1e-9)
        assert float(one["write_selected"]) == pytest.approx(1.69, rel=1e-9)
        assert float(one["matvec_error"]) < 1e-12
        assert float(one["matvec_voltage"]) == pytest.approx(0.2, rel=1e-9)


def test_more_wire_resistance_costs_margin_and_accuracy(dataset):
    without, wired = (dataset.sel(wire=wire) for wire in (0.0, 50.0))
    assert (wired["write_margin"] < without["write_margin"] - 1e-3).all()
    assert (wired["write_selected"] < without["write_selected"]).all()
    assert (wired["matvec_error"] > without["matvec_error"]).all()
    grounded = dataset["read_margin"].sel(scheme="ground", selector="none")
    assert (grounded.sel(wire=50.0) < grounded.sel(wire=0.0)).all()
    # wires cost more in a larger array
    lost = without["write_margin"] - wired["write_margin"]
    assert (lost.diff("size") > 0.0).all()


def test_every_device_sees_what_it_should_alone(dataset):
    single = dataset["single_voltage"]
    assert single.sel(selector=["none", "diode", "exponential", "transistor"]).values == pytest.approx(0.2, rel=1e-9)
    # a switch that has gone on leaves all but its hold voltage and its resistance
    read = float(dataset["read_voltage"].sel(selector="ots"))
    assert float(single.sel(selector="ots")) == pytest.approx((read - 0.4) / (1.0 + 1e3 * 25e-6), rel=1e-3)
    nearest = dataset["device_voltage"].values[:, -1, 0]
    assert (dataset["device_voltage"].values <= nearest[:, None, None] + 1e-12).all()
    assert (nearest < single.values).all()


def test_a_result_is_that_of_the_margins_of_the_crossbar(dataset):
    voltage = float(dataset["read_voltage"].sel(selector="diode"))
    found = read_margin(
        (8, 8), 25e-6, 0.25e-6, voltage, wires=Wires(row=50.0, column=50.0), selector=Diode(1e-12, ideality=1.5),
        scheme="half",
    )  # fmt: skip
    one = dataset.sel(selector="diode", size=8, wire=50.0, scheme="half")
    for name, value in (("read_margin", found.margin), ("read_high", found.high), ("sneak", found.sneak)):
        assert float(one[name]) == value


@pytest.mark.parametrize("current", [5e-6, 440e-6])
def test_the_applied_voltage_gives_a_single_device_its_voltage(current):
    for selector in (None, Diode(1e-12), Transistor(0.5, 1e-3, gate_voltage=2.0)):
        voltage = applied_voltage(selector, 0.2, current)
        array = Crossbar([[current / 0.2]], selector=selector)
        found = array.solve(pcm.Bias.matvec([voltage])).device_voltage[0, 0]
        assert found == pytest.approx(0.2, rel=1e-9)


def test_a_switch_gets_enough_to_switch_on():
    switch = OTS(holding_current=1e-6)
    for overdrive, switches in ((1e-6, True), (-1e-6, False)):
        array = Crossbar([[25e-6]], selector=switch)
        found = array.solve(pcm.Bias.matvec([applied_voltage(switch, 0.2, 5e-6, overdrive)]))
        assert found.on[0, 0] == switches
    # a large voltage of the device is above the threshold anyway
    assert applied_voltage(switch, 5.0, 1e-4) == pytest.approx(5.0 + 0.4 + 0.1, rel=1e-5)


def test_what_has_no_answer_is_missing_and_said(tmp_path):
    # the read current lies below the holding current: neither on nor off
    found = run({**TINY, "selectors": ["none", "ots"], "ots": {"holding_current": 0.25e-3}}, directory=tmp_path)
    notes = json.loads(found.attrs["without_answer"])
    said = next(note for note in notes if note.startswith("ots, 3 x 3, 50 ohm, read, half: neither on nor off"))
    assert re.search(r"they carry [\d.e-]+ A at most, less than the selector's holding_current of 0.00025 A", said)
    assert found["read_margin"].sel(selector="ots").isnull().all()
    assert found["device_voltage"].sel(selector="ots").isnull().all()
    assert found["read_margin"].sel(selector="none").notnull().all()


def test_the_result_does_not_depend_on_the_executor():
    here = run(TINY)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        assert run(TINY, processes).identical(here)
    assert not run({**TINY, "seed": 2})["matvec_error"].equals(here["matvec_error"])
    # devices and inputs belong to the size
    alone = run({**TINY, "sizes": [4], "selectors": ["diode"]})
    assert alone["matvec_error"].values[0, 0] == pytest.approx(here["matvec_error"].sel(selector="diode", size=4))


class Interrupted(Exception):
    """Stands for the user's control-C."""


def test_an_interrupted_study_goes_on_from_its_finished_arrays(tmp_path, monkeypatch):
    whole = run(TINY)
    real, saved = Parts.save, []
    measure, begun, interrupted = study.measure_array, itertools.count(), threading.Event()

    def save_five(self, key, part):
        real(self, key, part)
        saved.append(key)
        if len(saved) == 5:
            interrupted.set()
            raise Interrupted

    def wait_for_it(*task):
        if next(begun) >= 6:  # so that some are still running, and some not begun, on four threads and a busy machine
            interrupted.wait(60.0)
        return measure(*task)

    monkeypatch.setattr(Parts, "save", save_five)
    monkeypatch.setattr(study, "measure_array", wait_for_it)
    with pytest.raises(Interrupted):
        run(TINY, directory=tmp_path)
    monkeypatch.setattr(Parts, "save", real)
    kept = len(list((tmp_path / "parts").glob("*.npz")))
    assert 5 <= kept < 12  # also what was running is kept
    ran, seen = [], []
    monkeypatch.setattr(study, "measure_array", lambda *task: ran.append(task[1:4]) or measure(*task))
    again = run(TINY, directory=tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert again.identical(whole)
    assert len(ran) == 12 - kept
    assert seen[0] == (kept, 12)
    assert seen[-1] == (12, 12)
    assert [path.name for path in tmp_path.iterdir()] == ["results.nc"]


def test_results_survive_the_file(dataset, tmp_path):
    path = save(dataset, tmp_path / "results.nc")
    with xr.open_dataset(path, engine="h5netcdf") as read:
        xr.testing.assert_equal(read.load(), dataset)


def test_a_selector_of_the_study_is_that_of_the_library():
    config = SelectorMarginConfig(diode={"ideality": 2.0})
    assert config.selector("none") is None
    assert config.selector("diode") == Diode(1e-12, ideality=2.0)
    with pytest.raises(ParameterError):
        applied_voltage(Transistor(0.5, 1e-9, gate_voltage=1.0), 0.2, 5e-6)

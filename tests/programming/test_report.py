"""What populations say about themselves, and how they are asked for."""

import re

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.programming import SCHEMES

CELLS = {name: pcm.load_cell(name) for name in ("ibm-90nm-statistical", "ibm-90nm-doped-gst")}


@pytest.mark.parametrize("name", CELLS)
def test_reports_are_short(name):
    cell = CELLS[name]
    devices = cell.population((30, 20), seed=1)
    options = {"scheme": SCHEMES["gradient"].but(pulses=5)} if name == "ibm-90nm-doped-gst" else {}
    where = np.arange(600).reshape(30, 20) % 3 > 0
    report = devices.program(1e-5, where=where, **options)
    assert repr(report).startswith("ProgramReport(400 of 600 devices programmed, ")
    assert f"{report.converged[where].sum()} converged" in repr(report)
    assert f"error median {np.median(report.error[where]):.3g} S" in repr(report)
    assert len(repr(report)) < 200
    nobody = devices.program(1e-5, where=np.zeros((30, 20), dtype=bool), **options)
    assert repr(nobody) == "ProgramReport(0 of 600 devices programmed, 0 targets clipped)"


def test_pulse_reports_are_short():
    devices = CELLS["ibm-90nm-doped-gst"].population((4, 3), seed=1)
    report = devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9), where=np.arange(12).reshape(4, 3) < 5)
    assert re.fullmatch(
        r"PulseReport\(5 of 12 devices driven, median peak [\d.]+ K, median energy [\d.e-]+ J\)", repr(report)
    )
    none = devices.apply(pcm.Pulse(current=0.0, width=1e-6))
    assert repr(none) == "PulseReport(0 of 12 devices driven)"


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(
    ("given", "shape"), [((256, 256), "(256, 256)"), ((2, 3, 4), "(2, 3, 4)"), (((2, 3), 4), "(2, 3, 4)")]
)
def test_a_second_number_is_neither_an_axis_nor_a_seed(name, given, shape):
    with pytest.raises(ParameterError, match=re.escape(f"population(shape={shape})")) as caught:
        CELLS[name].population(*given)
    assert f"seed={given[1]}" in str(caught.value)


@pytest.mark.parametrize("name", CELLS)
def test_masked_flags_are_refused(name):
    devices = CELLS[name].population(3, seed=1)
    where = np.ma.array([True, False, True], mask=[False, True, False])
    with pytest.raises(ParameterError, match="where must not hold masked values"):
        devices.program(1e-5, where=where)
    with pytest.raises(ParameterError, match="where must be an array of bool"):
        devices.program(1e-5, where=np.array([1.0, np.nan, 0.0]))
    assert devices.time == 0.0

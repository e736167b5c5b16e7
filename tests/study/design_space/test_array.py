"""Arrays of a design space against circuits that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pcmphys import ConvergenceError, Crossbar, Wires
from pcmphys.crossbar.analysis.margins import read_margin, write_margin
from pcmphys.study.design_space import array
from pcmphys.study.design_space.array import measure_design
from pcmphys.study.design_space.settings import DesignSpaceConfig, PulseOptions

PULSE = PulseOptions(current=440e-6, width=50e-9)
STATES = {
    "weak_high": np.array([12e-6, 8e-6]), "weak_low": np.array([2e-6, 9e-6]), "mean_high": np.array([30e-6, 20e-6]),
    "mean_low": np.array([0.1e-6, 0.05e-6]), "device_voltage": np.array(1.76),
}  # fmt: skip


def config(**changes) -> DesignSpaceConfig:
    return DesignSpaceConfig(**{"devices": 1000, "times": [20.0, 3600.0], **changes})


def test_without_wires_and_selector_all_is_known():
    found = measure_design(config(scheme="ground"), "none", 0.0, 8, PULSE, STATES)
    # the sensed bit line sees the selected cell alone
    assert found["read_margin"][0] == pytest.approx(1.0 - 2.0 / 12.0)
    assert found["write_voltage"] == pytest.approx(1.76)
    # seven other devices of the word line take the whole voltage, too
    power = 1.76 * 440e-6 + 7 * 30e-6 * 1.76**2
    assert found["write_energy"] == pytest.approx(power * 50e-9)
    assert found["write_disturb"] == pytest.approx(1.76)
    half = measure_design(config(scheme="half"), "none", 0.0, 8, PULSE, STATES)
    assert half["write_disturb"] == pytest.approx(0.88)
    power = 1.76 * 440e-6 + 14 * 30e-6 * 0.88**2
    assert half["write_energy"] == pytest.approx(power * 50e-9)


def test_where_the_weak_bits_overlap_there_is_no_margin():
    found = measure_design(config(), "ots", 1.0, 8, PULSE, STATES)
    assert found["read_margin"][1] == pytest.approx((8.0 - 9.0) / 8.0)


def test_the_margin_is_that_of_the_crossbar():
    found = measure_design(config(), "none", 5.0, 16, PULSE, STATES)
    wires = Wires(row=5.0, column=5.0)
    assert found["read_margin"][0] == read_margin((16, 16), 12e-6, 2e-6, 0.2, wires=wires, scheme="half").margin


@pytest.mark.parametrize("name", ["none", "diode", "transistor", "ots"])
def test_the_farthest_device_gets_what_it_needs_through_wires_and_selector(name):
    settings = config()
    found = measure_design(settings, name, 5.0, 64, PULSE, STATES)
    cells = np.full((64, 64), 30e-6)
    cells[0, -1] = 440e-6 / 1.76
    xbar = Crossbar(cells, Wires(row=5.0, column=5.0), settings.selector(name))
    write = write_margin(xbar, float(found["write_voltage"]), scheme="half", gate=settings.gate(name))
    assert write.selected == pytest.approx(1.76, rel=1.1e-3)
    assert found["write_energy"] == pytest.approx(write.power * 50e-9, rel=1e-12)
    assert found["write_voltage"] > 1.76
    near = measure_design(settings, name, 0.0, 64, PULSE, STATES)
    assert near["write_voltage"] < found["write_voltage"]
    assert near["write_energy"] < found["write_energy"]
    assert found["without_answer"].tolist() == []


def test_what_has_no_answer_is_missing_and_said(monkeypatch):
    far = measure_design(config(), "none", 1e4, 64, PULSE, STATES)
    assert np.isnan(far["write_energy"])
    (note,) = far["without_answer"]
    assert note.startswith("none, 64 x 64, 10000 ohm, write: ")
    assert "reach the device with" in note

    def fail(*_arguments, **_options):
        raise ConvergenceError("the array", residual=1.0, iterations=2)

    monkeypatch.setattr(array, "read_margin", fail)
    monkeypatch.setattr(array, "worst_write", fail)
    found = measure_design(config(), "none", 1.0, 8, PULSE, STATES)
    assert np.isnan(found["read_margin"][0])
    assert np.isnan(found["write_voltage"])
    assert [str(note).split(": ")[0] for note in found["without_answer"]] == [
        "none, 8 x 8, 1 ohm, read at 20 s", "none, 8 x 8, 1 ohm, write",
    ]  # fmt: skip

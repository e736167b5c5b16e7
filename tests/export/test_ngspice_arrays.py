"""Arrays of physical devices as netlists: their currents in ngspice, their selectors, and what is refused."""

import functools
import re

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.export import ngspice, ngspice_devices
from tests.export.physical import CELLS, PHYSICAL, needs_ngspice
from validation import ngspice as program

SELECTORS = {
    "none": None,
    "diode": pcm.Diode(1e-12, ideality=1.5),
    "transistor": pcm.Transistor(0.4, 2e-4, gate_voltage=1.2),
}
ROWS, COLUMNS = 3, 4
WIRES = pcm.Wires(row=5.0, column=[0.0, 5.0, 5.0, 5.0])


@functools.cache
def devices(name="bare"):
    """A third of them crystalline, the others RESET to different depths; an hour old."""
    found = CELLS[name].population((ROWS, COLUMNS), seed=3)
    number = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    for kind, peak in ((1, 420e-6), (2, 330e-6)):
        found.apply(pcm.Pulse(current=peak, width=1e-6, fall=5e-9), where=number % 3 == kind)
    found.wait(3600.0)
    return found


def assert_as_in_ngspice(xbar, bias, **options):
    solution = xbar.solve(bias)
    found = program.solve(xbar, bias, **options)
    for name in ("row_current", "column_current"):
        expected = getattr(solution, name)
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max())
    return solution


@needs_ngspice
@pytest.mark.parametrize("name", CELLS)
def test_currents_of_an_array_of_each_kind(name):
    """And it is no small difference: with ohmic devices of the same conductance they are others."""
    bias = pcm.Bias.matvec([0.05, 0.3, -0.4])
    solution = assert_as_in_ngspice(pcm.Crossbar(devices(name), WIRES), bias)
    ohmic = pcm.Crossbar(devices(name).conductance(), WIRES).solve(bias)
    assert np.abs(ohmic.column_current / solution.column_current - 1.0).max() > 1e-3


@needs_ngspice
@pytest.mark.parametrize("selector", ["diode", "transistor"])
def test_currents_behind_selectors(selector):
    xbar = pcm.Crossbar(devices(), WIRES, SELECTORS[selector])
    assert_as_in_ngspice(xbar, pcm.Bias.matvec([0.2, 0.4, 0.6]))
    bias = pcm.Bias.select(1, 2, 0.9, "half")
    assert_as_in_ngspice(xbar, bias, start=xbar.solve(bias))


@needs_ngspice
def test_a_look_keeps_its_temperature():
    bias = pcm.Bias.matvec([0.1, 0.2, 0.3])
    warm = pcm.Crossbar(devices().now(340.0), WIRES)
    solution = assert_as_in_ngspice(warm, bias)
    assert np.abs(pcm.Crossbar(devices(), WIRES).solve(bias).column_current / solution.column_current - 1.0).max() > 0.1


@needs_ngspice
@pytest.mark.parametrize("name", CELLS)
def test_numbers_of_now_are_the_formulas_at_age_zero(name):
    """The library without parameters, against that with them."""
    few, volts = devices(name)[0], (0.02, 0.5)
    found = []
    for ageing in (True, False):
        library = ngspice_devices(few, ageing=ageing)
        assert (".param e0" in library) == ageing
        lines = [library, *(f"V{k}_{n} w{k}_{n} 0 {volt}" for k in range(4) for n, volt in enumerate(volts))]
        lines += [f"X{k}_{n} w{k}_{n} 0 pcm_{k}" for k in range(4) for n in range(2)]
        printed = [f"print i(v{k}_{n})" for k in range(4) for n in range(2)]
        options = ".options reltol=1e-9 vntol=1e-12 abstol=1e-16 gmin=1e-20 itl1=1000"
        answer = program.run("\n".join(["* devices", options, *lines, ".control", "set numdgt=16", "op", *printed,
                                        "quit", ".endc", ".end", ""]))  # fmt: skip
        found.append([answer[f"i(v{k}_{n})"] for n in range(2) for k in range(4)])
    expected = np.concatenate([few.now().current(volt, on=False, warn=False)[0] for volt in volts])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)
    np.testing.assert_allclose(found[1], -expected, rtol=1e-6)


def test_the_netlist_holds_each_device_once():
    text = ngspice(pcm.Crossbar(devices(), WIRES, SELECTORS["diode"]), pcm.Bias.matvec([0.1, 0.2, 0.3]))
    assert len(re.findall(r"^\.subckt device_\d+ p n$", text, re.MULTILINE)) == ROWS * COLUMNS
    cells = re.findall(r"^Xcell(\d)_(\d) (\S+) (\S+) device_(\d+)$", text, re.MULTILINE)
    assert cells[0] == ("0", "0", "w0_0", "x0_0", "0")
    assert cells[6] == ("1", "2", "w1_2", "x1_2", "6")
    assert not re.findall(r"^Rcell", text, re.MULTILINE)


def test_devices_that_go_on_are_refused(tmp_path):
    reset = PHYSICAL.population((2, 2), seed=1)
    reset.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    xbar, file = pcm.Crossbar(reset, pcm.Wires(row=5.0, column=5.0)), "array.cir"
    assert "device_3" in ngspice(xbar, pcm.Bias.select(0, 1, 0.5, "half"))
    with pytest.raises(pcm.ParameterError, match=r"under it the device of cell \(0, 1\) goes on, and the net"):
        ngspice(xbar, pcm.Bias.select(0, 1, 1.5, "half"), tmp_path / file)
    assert not list(tmp_path.iterdir())


class Bent:
    """A look of a stranger's kind that is not ohmic."""

    cell, time, shape, ohmic = PHYSICAL, 0.0, (1, 2), False
    conductance = np.full((1, 2), 1e-5)

    def current(self, voltage, *, warn=True):
        return self.conductance * np.sinh(voltage), self.conductance * np.cosh(voltage)

    def warn_of_switching(self, voltage):
        """It never does."""


def test_devices_of_a_kind_without_a_netlist_are_refused(tmp_path):
    with pytest.raises(pcm.ParameterError, match=r"not ohmic, and there is no ngspice netlist for a Bent\. Give the "):
        ngspice(pcm.Crossbar(Bent()), pcm.Bias.matvec([0.1]), tmp_path / "array.cir")
    assert not list(tmp_path.iterdir())

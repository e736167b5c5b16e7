"""Subcircuits of single devices: their currents in ngspice at ages and temperatures, and what is refused."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.export import ngspice_devices
from tests.cells.mushroom.mushroom_cells import varied
from tests.export.physical import CELLS, PHYSICAL, needs_ngspice
from validation import ngspice as program

RESET = pcm.Pulse(current=460e-6, width=1e-6, fall=5e-9)


def currents(library, count, volts, **parameters):
    """Current [A] of each device at each voltage, (volts, devices)."""
    words = " ".join(f"{name}={value!r}" for name, value in parameters.items())
    lines = ["* devices", library, ".options reltol=1e-9 vntol=1e-12 abstol=1e-16 gmin=1e-20 itl1=1000"]
    lines += [f"V{k} w{k} 0 0.1\nX{k} w{k} 0 pcm_{k} {words}" for k in range(count)]
    commands = [".control", "set numdgt=16"]
    for n, volt in enumerate(volts):
        commands += [f"alter V{k} dc = {float(volt)!r}" for k in range(count)] + ["op"]
        commands += [f"let i_{n}_{k} = -i(v{k})\nprint i_{n}_{k}" for k in range(count)]
    found = program.run("\n".join([*lines, *commands, "quit", ".endc", ".end", ""]))
    return np.array([[found[f"i_{n}_{k}"] for k in range(count)] for n in range(len(volts))])


def physical(cell):
    """A crystalline device, two of a closed loop, three RESET, one with a poor contact; some hours old."""
    devices = cell.population(8, seed=4, limited=0.3, ceiling=1e-5)
    devices.apply(RESET, where=np.arange(8) >= 5)
    devices.apply(pcm.Pulse(current=320e-6, width=1e-6, fall=5e-9), where=np.isin(np.arange(8), [1, 2, 3, 6]))
    devices.wait(5e3)
    return devices


@needs_ngspice
@pytest.mark.parametrize("name", CELLS)
def test_currents_of_mushroom_devices(name):
    devices = physical(CELLS[name])
    volts = [0.02, 0.2, 0.6, -0.6]
    library = ngspice_devices(devices)
    for kelvin in (300.0, 340.0):
        look = devices.now(kelvin)
        expected = [look.current(v, on=False, warn=False)[0] for v in volts]
        np.testing.assert_allclose(currents(library, 8, volts, kelvin=kelvin), expected, rtol=1e-6)
    older = devices.copy()
    older.wait(1e7)
    expected = [older.now(330.0).current(v, on=False, warn=False)[0] for v in volts]
    np.testing.assert_allclose(currents(library, 8, volts, age=1e7, kelvin=330.0), expected, rtol=1e-6)
    # and it is a difference: the present state is off by more
    now = currents(library, 8, volts, kelvin=330.0)
    assert np.abs(now / np.array(expected) - 1.0).max() > 0.05


@needs_ngspice
def test_the_age_of_a_glass_at_rest():
    cell = varied(relaxation={"glass_temperature": 310.0, "glass_time": 1e4})
    devices = cell.population(3, seed=1)
    devices.apply(RESET)
    devices.wait(100.0)
    library = ngspice_devices(devices)
    for age in (1.0, 1e3, 1e5, 1e9):
        older = devices.copy()
        older.wait(age)
        expected = [older.now().current(0.2, on=False)[0]]
        np.testing.assert_allclose(currents(library, 3, [0.2], age=age), expected, rtol=1e-6)


@needs_ngspice
def test_currents_of_statistical_devices():
    devices = pcm.load_cell("ibm-90nm-statistical").population((2, 2), seed=1)
    devices.program([[0.0, 5e-6], [10e-6, 25e-6]])
    devices.wait(3.0)  # before the reference time, from which drift counts
    library = ngspice_devices(devices)
    for age in (0.0, 10.0, 1e6):
        older = devices.copy()
        older.wait(age)
        expected = [older.now().conductance.ravel() * v for v in (0.2, -0.1)]
        np.testing.assert_allclose(currents(library, 4, [0.2, -0.1], age=age), expected, rtol=1e-9, atol=1e-18)


def test_the_library_is_written_whole(tmp_path):
    devices = physical(PHYSICAL)
    text = ngspice_devices(devices.now(320.0), tmp_path / "devices.lib", name="cell_A")
    assert (tmp_path / "devices.lib").read_text() == text
    heads = [line for line in text.splitlines() if line.startswith(".subckt")]
    assert heads[7] == ".subckt cell_A_7 p n age=0 kelvin=320.0"
    assert text.count(".ends") == 8
    assert "threshold 0 V" in text


def test_what_has_no_netlist(tmp_path):
    devices = PHYSICAL.population(2)
    for name in ("", "2nd", "a b", "x.y", 3):
        with pytest.raises(pcm.ParameterError, match="name must begin with a letter"):
            ngspice_devices(devices, name=name)
    with pytest.raises(pcm.ParameterError, match="there are none to write"):
        ngspice_devices(PHYSICAL.population(0))
    with pytest.raises(pcm.ParameterError, match="got Crossbar"):
        ngspice_devices(pcm.Crossbar([[1e-6]]))
    with pytest.raises(pcm.ParameterError, match="cannot write"):
        ngspice_devices(devices, tmp_path)

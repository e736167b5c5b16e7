"""Pulses through the array: what reaches the selected cell, what the others get, and what it does to them."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Diode, Pulse, ThermalCrosstalk, Wires
from pcmphys.crossbar import OTS
from pcmphys.errors import ParameterError

CELL = pcm.load_cell("ibm-90nm-doped-gst")
HEAT = CELL.parameters.heat
RESET = Pulse(voltage=1.0, width=1e-6, fall=5e-9)
SHAPE = (4, 5)


def fresh(seed=3, shape=SHAPE):
    devices = CELL.population(shape, seed=seed)
    devices.apply(Pulse(current=440e-6, width=1e-6, fall=5e-9))  # RESET
    return devices


def voltage_for(current):
    return HEAT.on_voltage + HEAT.on_resistance * current


def test_the_selected_cell_gets_the_current_of_the_circuit():
    devices = CELL.population(SHAPE, seed=3)
    wires = Wires(row=20.0, column=10.0)
    report = Crossbar(devices, wires).write(Bias.select(1, 2, 2.1, "half"), RESET)
    assert np.argwhere(report.switched).tolist() == [[1, 2]]
    # 3 segments of the word line, 3 of the bit line, and the on-state A + B I; the half-selected crystalline
    # cells of the same lines load the wires
    alone = (2.1 - HEAT.on_voltage) / (HEAT.on_resistance + 3 * 20.0 + 3 * 10.0)
    assert report.current[1, 2] == pytest.approx(alone, rel=0.15)
    assert report.current[1, 2] < alone
    assert report.solution.device_voltage[1, 2] == pytest.approx(voltage_for(report.current[1, 2]), rel=1e-6)
    assert report.hottest[1, 2] > 880.0
    assert report.energy[1, 2] == pytest.approx(
        1e-6 * report.current[1, 2] * voltage_for(report.current[1, 2]), rel=0.02
    )
    assert (report.energy[~report.switched] == 0.0).all()
    # and it is the same as that current from a source
    other = CELL.population(SHAPE, seed=3)
    other.apply(Pulse(current=1.0, width=1e-6, fall=5e-9), amplitude=report.current, where=report.switched)
    assert (other.conductance() == devices.conductance()).all()


def test_only_the_selected_cell_changes_without_crosstalk():
    devices = CELL.population(SHAPE, seed=3)
    before = devices.crystalline_fraction
    Crossbar(devices, Wires(row=1.0, column=1.0)).write(Bias.select(1, 2, 2.05, "half"), RESET)
    changed = devices.crystalline_fraction != before
    assert np.argwhere(changed).tolist() == [[1, 2]]


def test_wires_weaken_a_far_cell():
    found = []
    for cell in ((SHAPE[0] - 1, 0), (0, SHAPE[1] - 1)):
        devices = CELL.population(SHAPE, seed=3)
        report = Crossbar(devices, Wires(row=30.0, column=30.0)).write(Bias.select(*cell, 2.1, "half"), RESET)
        found.append(report.current[cell])
    assert found[0] > 1.3 * found[1] > 0.0


def test_too_much_on_the_unselected_lines_writes_them():
    """With all other lines grounded the whole selected word line sees the full voltage."""
    devices = CELL.population(SHAPE, seed=3)
    report = Crossbar(devices, Wires(row=1.0, column=1.0)).write(Bias.select(1, 2, 2.05, "ground"), RESET)
    assert report.switched[1].all()
    assert report.switched.sum() == SHAPE[1]


def test_a_pulse_below_threshold_does_nothing():
    devices = fresh()
    before = devices.conductance()
    report = Crossbar(devices).write(Bias.select(0, 0, 0.3), RESET)
    assert not report.switched.any()
    assert (devices.conductance() <= before).all()  # drift of a microsecond
    assert devices.time == pytest.approx(2 * 1.005e-6)


def test_heat_of_neighbours_accumulates():
    """RESET neighbours of a cell that is pulsed again and again crystallize by its heat, the farther the less."""
    warm = ThermalCrosstalk(pitch=130e-9, conductivity=1.4, screening_length=150e-9)
    devices = fresh(shape=(5, 5))
    xbar = Crossbar(devices, Wires(row=1.0, column=1.0))
    start = devices.crystalline_fraction
    report = xbar.write(Bias.select(2, 2, voltage_for(350e-6), "half"), RESET, crosstalk=warm, repeat=1)
    assert HEAT.ambient < report.hottest[0, 0] < report.hottest[1, 1] < report.hottest[2, 1] < 880.0
    few = devices.crystalline_fraction - start
    xbar.write(Bias.select(2, 2, voltage_for(350e-6), "half"), RESET, crosstalk=warm, repeat=20)
    many = devices.crystalline_fraction - start
    assert many[2, 1] > few[2, 1] >= 0.0
    assert many[2, 1] > many[0, 0]
    # the twin without crosstalk: nobody but the selected cell changes
    calm = fresh(shape=(5, 5))
    Crossbar(calm, Wires(row=1.0, column=1.0)).write(Bias.select(2, 2, voltage_for(350e-6), "half"), RESET, repeat=21)
    untouched = np.delete((calm.crystalline_fraction - start).ravel(), 12)
    assert (untouched == 0.0).all()


@pytest.mark.parametrize(
    ("selector", "voltage"), [(Diode(saturation_current=1e-9, ideality=1.2), 2.45), (OTS(holding_current=1e-6), 2.9)]
)
def test_writing_through_a_selector(selector, voltage):
    devices = CELL.population(SHAPE, seed=3)
    xbar = Crossbar(devices, Wires(row=1.0, column=1.0), selector)
    report = xbar.write(Bias.select(1, 2, voltage, "half"), RESET)
    assert np.argwhere(report.switched).tolist() == [[1, 2]]
    assert report.hottest[1, 2] > 500.0
    if selector.hysteretic:
        assert np.argwhere(report.solution.on).tolist() == [[1, 2]]
    else:
        assert report.solution.on is None


def test_bad_input():
    with pytest.raises(ParameterError, match="take no pulses"):
        Crossbar([[1e-5]]).write(Bias.select(0, 0, 1.0), RESET)
    statistical = pcm.load_cell("ibm-90nm-statistical").population((1, 1), seed=0)
    statistical.program(1e-5)
    with pytest.raises(ParameterError, match="take no pulses"):
        Crossbar(statistical).write(Bias.select(0, 0, 1.0), RESET)
    devices = CELL.population(SHAPE, seed=3)
    with pytest.raises(ParameterError, match="batch"):
        Crossbar(devices).write(Bias.matvec(np.ones((4, 2))), RESET)
    with pytest.raises(ParameterError, match="repeat"):
        Crossbar(devices).write(Bias.select(0, 0, 1.0), RESET, repeat=0)
    with pytest.raises(ParameterError, match="on-state of ibm-90nm-doped-gst is valid"):
        Crossbar(devices).write(Bias.select(0, 0, 5.0), RESET)
    with pytest.raises(ParameterError, match="pulse"):
        Crossbar(devices).write(Bias.select(0, 0, 1.0), 3.0)


def test_crosstalk_takes_the_time_of_one_pulse():
    devices = CELL.population((4, 4), seed=7)
    xbar = Crossbar(devices)
    report = xbar.write(Bias.select(1, 2, 2.05, "half"), RESET, crosstalk=ThermalCrosstalk(pitch=200e-9), repeat=3)
    assert report.switched.any()
    assert devices.time == pytest.approx(3 * RESET.duration, rel=1e-12)
    assert repr(report).startswith("WriteReport(1 of 16 devices switched, largest current ")


def test_crosstalk_is_the_pulse_and_then_its_heat():
    """The same as the pulse from a source, the others kept warm meanwhile."""
    devices, other = fresh(shape=(3, 3)), fresh(shape=(3, 3))
    warm = ThermalCrosstalk(pitch=150e-9, screening_length=200e-9)
    report = Crossbar(devices).write(Bias.select(1, 1, voltage_for(350e-6), "half"), RESET, crosstalk=warm)
    power = np.where(report.switched, report.current * report.solution.device_voltage, 0.0)
    heat = warm.rise(power)
    other.apply(RESET.shaped("current"), amplitude=report.current, where=report.switched, warmed=HEAT.ambient + heat)
    assert (other.conductance() == devices.conductance()).all()
    assert (report.hottest[~report.switched] == HEAT.ambient + heat[~report.switched]).all()


def test_a_neighbour_above_melting_is_found_before_the_pulse():
    devices = fresh(shape=(3, 3))
    twin = devices.copy()
    close = ThermalCrosstalk(pitch=20e-9, conductivity=0.3)
    with pytest.raises(ParameterError, match=r"warmed must hold .* below melting; warmed\[0, 0\]"):
        Crossbar(devices).write(Bias.select(1, 1, voltage_for(350e-6), "half"), RESET, crosstalk=close)
    assert devices.time == twin.time
    assert (devices.conductance() == twin.conductance()).all()
    with pytest.raises(ParameterError, match="crosstalk must be a ThermalCrosstalk"):
        Crossbar(devices).write(Bias.select(1, 1, voltage_for(350e-6), "half"), RESET, crosstalk=0.1)

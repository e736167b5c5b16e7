"""Pulses through the array: what reaches the selected cell, what the others get, and what it does to them."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Diode, Pulse, ThermalCrosstalk, Wires
from pcmphys.crossbar import OTS
from pcmphys.errors import ParameterError

CELL = pcm.load_cell("ibm-90nm-doped-gst")
HEAT = CELL.parameters.heat
OUTSIDE = CELL.parameters.conduction.series_resistance
LEADS = CELL.parameters.leads
RESET = Pulse(voltage=1.0, width=1e-6, fall=5e-9)
SHAPE = (4, 5)


def fresh(seed=3, shape=SHAPE):
    devices = CELL.population(shape, seed=seed)
    devices.apply(Pulse(current=440e-6, width=1e-6, fall=5e-9))  # RESET
    devices.wait(20.0)  # right after the quench the glass conducts ten times better
    return devices


def crystalline(seed=3, shape=SHAPE):
    """In the SET state, of some 20 uS: a crystal that was never pulsed is on beyond 0.9 V."""
    devices = CELL.population(shape, seed=seed)
    devices.apply(Pulse(current=440e-6, width=1e-6, fall=5e-9))
    devices.apply(Pulse(current=400e-6, width=20e-9, fall=1e-6))
    devices.wait(1e-4)
    return devices


def voltage_for(current):
    """Of a SET device at its terminals [V]: 0.8 V and 2 kohm."""
    return HEAT.on_voltage + LEADS * current


def test_the_selected_cell_gets_the_current_of_the_circuit():
    devices = crystalline()
    wires = Wires(row=20.0, column=10.0)
    report = Crossbar(devices, wires).write(Bias.select(1, 2, 1.75, "half"), RESET)
    assert np.argwhere(report.switched).tolist() == [[1, 2]]
    # 3 segments of the word line, 3 of the bit line, and the on-state; the half-selected cells load the wires
    alone = (1.75 - HEAT.on_voltage) / (LEADS + 3 * 20.0 + 3 * 10.0)
    current = report.current[1, 2]
    assert current == pytest.approx(alone, rel=0.05)
    assert current < alone
    assert report.solution.device_voltage[1, 2] == pytest.approx(voltage_for(current), rel=1e-2)
    assert report.hottest[1, 2] > 880.0
    # the leads' part of the voltage heats the leads
    inside = report.solution.device_voltage - OUTSIDE * report.current
    assert report.energy[1, 2] == pytest.approx(1e-6 * current * inside[1, 2], rel=0.02)
    # and the others what the circuit leaves them: half of the voltage warms
    others = ~report.switched
    assert report.energy[others] == pytest.approx((1e-6 * report.current * inside)[others], rel=0.02, abs=1e-16)
    assert (report.hottest[others] < 450.0).all()  # nothing moves
    # and it is the same as these currents from a source
    other = crystalline()
    heated = report.current * inside > 1e-10  # W
    assert (report.energy[~heated] == 0.0).all()
    other.apply(Pulse(current=1.0, width=1e-6, fall=5e-9), amplitude=report.current, where=heated)
    assert (other.conductance() == devices.conductance()).all()


def test_only_the_selected_cell_changes_without_crosstalk():
    devices = crystalline()
    before = devices.crystalline_fraction
    Crossbar(devices, Wires(row=1.0, column=1.0)).write(Bias.select(1, 2, 1.7, "half"), RESET)
    changed = devices.crystalline_fraction != before
    assert np.argwhere(changed).tolist() == [[1, 2]]


def test_wires_weaken_a_far_cell():
    found = []
    for cell in ((SHAPE[0] - 1, 0), (0, SHAPE[1] - 1)):
        devices = crystalline()
        report = Crossbar(devices, Wires(row=60.0, column=60.0)).write(Bias.select(*cell, 1.75, "half"), RESET)
        found.append(report.current[cell])
    assert found[0] > 1.15 * found[1] > 0.0


def test_too_much_on_the_unselected_lines_writes_them():
    """With all other lines grounded the whole selected word line sees the full voltage."""
    devices = crystalline()
    report = Crossbar(devices, Wires(row=1.0, column=1.0)).write(Bias.select(1, 2, 1.7, "ground"), RESET)
    assert report.switched[1].all()
    assert report.switched.sum() == SHAPE[1]


def test_a_pulse_below_threshold_does_nothing():
    devices = fresh()
    before, begin = devices.conductance(), devices.time
    report = Crossbar(devices).write(Bias.select(0, 0, 0.3), RESET)
    assert not report.switched.any()
    assert (devices.conductance() <= before).all()  # drift of a microsecond
    assert devices.time - begin == pytest.approx(1.005e-6, rel=1e-6)


def test_heat_of_neighbours_accumulates():
    """RESET neighbours of a cell that is pulsed again and again crystallize by its heat, the farther the less."""
    warm = ThermalCrosstalk(pitch=130e-9, conductivity=0.6, screening_length=150e-9)
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
    ("selector", "voltage"), [(Diode(saturation_current=1e-9, ideality=1.2), 2.1), (OTS(holding_current=1e-6), 2.9)]
)
def test_writing_through_a_selector(selector, voltage):
    devices = crystalline()
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
    with pytest.raises(ParameterError, match=r"driven by voltages.*got Pulse\(current 0.0004 A"):
        Crossbar(devices).write(Bias.select(0, 0, 1.0), pcm.Pulse(current=400e-6, width=1e-6))


def test_crosstalk_takes_the_time_of_one_pulse():
    devices = crystalline(seed=7, shape=(4, 4))
    begin = devices.time
    xbar = Crossbar(devices)
    report = xbar.write(Bias.select(1, 2, 1.7, "half"), RESET, crosstalk=ThermalCrosstalk(pitch=200e-9), repeat=3)
    assert report.switched.any()
    assert devices.time - begin == pytest.approx(3 * RESET.duration, rel=1e-12)
    assert repr(report).startswith("WriteReport(1 of 16 devices switched, largest current ")


def test_crosstalk_is_the_pulse_and_then_its_heat():
    """The same as the pulse from a source, the others kept warm meanwhile."""
    devices, other = fresh(shape=(3, 3)), fresh(shape=(3, 3))
    warm = ThermalCrosstalk(pitch=150e-9, screening_length=200e-9)
    report = Crossbar(devices).write(Bias.select(1, 1, voltage_for(350e-6), "half"), RESET, crosstalk=warm)
    power = report.current * (report.solution.device_voltage - OUTSIDE * report.current)
    heat = warm.rise(power)
    found = other.apply(RESET.shaped("current"), amplitude=report.current, warmed=HEAT.ambient + heat)
    assert (other.conductance() == devices.conductance()).all()
    assert (report.hottest == np.maximum(HEAT.ambient + heat, found.peak_temperature)).all()


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


# ---- devices that switch take part in every solve


def test_a_solve_finds_the_branch_of_every_device():
    """Against each device alone: current of the branch that a rising voltage leads to, at the voltage found."""
    devices = fresh()
    look, xbar = devices.now(), Crossbar(devices, Wires(row=20.0, column=10.0))
    for voltage in (0.2, 1.0, 1.3, 1.7):
        solution = xbar.solve(Bias.select(1, 2, voltage, "half"))
        across = solution.device_voltage
        folds = look.folds()
        assert np.array_equal(solution.switched, np.abs(across) > folds.up_voltage)
        current = look.current(across, on=solution.switched)[0]
        assert solution.cell_current == pytest.approx(current, rel=1e-9, abs=1e-15)
        assert solution.residual < 1e-9
    assert solution.on is None
    assert solution.to_dataset().switched.sum() == solution.switched.sum() == 1
    assert Crossbar([[1e-5]]).solve(Bias.matvec([0.2])).switched is None


def test_a_ramp_switches_on_at_the_first_fold_and_off_at_the_second():
    devices = fresh(0, shape=(1, 1))
    folds = devices.now().folds()
    up, down = folds.up_voltage.item(), folds.down_voltage.item()
    assert up > down + 0.05
    factors = [0.999 * up, 1.001 * up, 0.5 * (up + down), 1.001 * down, 0.998 * down, 0.5 * (up + down)]
    found = Crossbar(devices).ramp(Bias.matvec([1.0]), factors)
    assert [bool(s.switched[0, 0]) for s in found] == [False, True, True, True, False, False]
    for factor, solution in zip(factors, found, strict=True):
        current = devices.now().current(np.full((1, 1), factor), on=solution.switched)[0]
        assert solution.cell_current == pytest.approx(current, rel=1e-9)


def test_a_load_that_holds_a_device_between_its_folds():
    """20 kohm in the word line: the device goes on without a jump, and the array has an answer at every voltage."""
    devices = fresh(0, shape=(1, 1))
    xbar = Crossbar(devices, Wires(source=20e3))
    look = devices.now()
    for voltage in np.linspace(0.1, 4.0, 40):
        solution = xbar.solve(Bias.matvec([voltage]))
        alone = look.current(np.full((1, 1), voltage), load=20e3)[0].item()
        # between the folds the second one's voltage stands for the on-state's: it is off by their difference at most
        folds = look.folds()
        allowed = (folds.up_voltage - folds.down_voltage).item() / 20e3 + 1e-9
        assert solution.cell_current.item() == pytest.approx(alone, abs=allowed * 1.01)


def test_batches_and_threads_switch_alike():
    devices = fresh()
    xbar = Crossbar(devices, Wires(row=20.0, column=10.0))
    inputs = np.linspace(0.2, 1.6, 6) * np.ones((4, 1))
    together = xbar.solve(Bias.matvec(inputs))
    for k in range(6):
        alone = xbar.solve(Bias.matvec(inputs[:, k]))
        assert np.array_equal(together.switched[..., k], alone.switched)
        assert np.array_equal(together.column_current[:, k], alone.column_current)
    assert together.switched[..., -1].any()
    assert not together.switched[..., 0].any()


def test_noise_of_an_array_with_switched_devices():
    devices = fresh()
    xbar = Crossbar(devices, Wires(row=1.0, column=1.0))
    noise = xbar.noise(Bias.select(1, 2, 1.6, "half"), 0.01)
    assert np.isfinite(noise.std).all()

"""Currents of mushroom devices: odd, smooth, bending upwards; what a read gives of them; temperature and liner."""

import mpmath
import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.physics.conduction import rows as layout
from pcmphys.physics.conduction import solve
from pcmphys.physics.state import SECTORS
from tests.cells.mushroom.mushroom_cells import CELL, PARTIAL, QUIET, RESET, SET, P


@pytest.fixture(scope="module", params=[RESET, PARTIAL, SET, None], ids=["reset", "partial", "set", "new"])
def made(request):
    devices = QUIET.population(300, seed=14)
    if request.param is not None:
        devices.apply(request.param)
    devices.wait(10.0)
    return devices


def test_current_is_odd_and_never_flows_uphill(made):
    for voltage in (0.0, 1e-6, 0.05, 0.2, 0.3):
        current, slope = made.current(voltage)
        backward, same_slope = made.current(-voltage)
        assert np.array_equal(backward, -current)
        assert np.array_equal(same_slope, slope)
        assert (current * voltage >= 0.0).all()
        assert (slope > 0.0).all()
        assert (current == 0.0).all() == (voltage == 0.0)


@pytest.mark.parametrize("voltage", [-0.29, -0.1, 0.02, 0.2, 0.29])
def test_slope_is_the_derivative_of_the_current(made, voltage):
    step = 1e-5
    up, down = (made.current(voltage + s)[0] for s in (step, -step))
    # central difference: error of the order of (step / field voltage)^2
    assert (up - down) / (2 * step) == pytest.approx(made.current(voltage)[1], rel=1e-7)


def test_current_bends_upwards_and_starts_with_the_ohmic_slope(made):
    voltages = np.linspace(0.0, 0.3, 7)
    slopes = np.array([made.current(v)[1] for v in voltages])
    assert (np.diff(slopes, axis=0) >= -1e-12 * slopes[1:]).all()
    assert made.current(1e-5)[0] / 1e-5 == pytest.approx(slopes[0], rel=1e-6)
    assert made.conductance() == pytest.approx(made.current(P.read.voltage)[0] / P.read.voltage, rel=1e-13)


def test_voltage_by_device(made):
    voltages = np.linspace(-0.3, 0.3, made.size)
    current, slope = made.current(voltages)
    for k in (0, 17, 299):
        one = made.current(voltages[k])
        assert (current[k], slope[k]) == (one[0][k], one[1][k])


@pytest.mark.parametrize("voltage", [0.02, 0.1, 0.2, 0.3, -0.3])
def test_a_read_without_traps_is_the_current(made, voltage):
    """Within 1e-5 up to the largest read voltage, as stated in `solve.read_current`."""
    devices = made.copy()
    current, _ = devices.current(voltage)
    assert devices.read(voltage) == pytest.approx(current / voltage, rel=1e-5)


@pytest.mark.parametrize("temperature", [77.0, 120.0, 300.0, 400.0])
@pytest.mark.parametrize("voltage", [P.read.voltage, P.read.largest_voltage])
def test_reads_of_all_states_keep_their_stated_error(voltage, temperature):
    """Within 1e-5 up to the largest read voltage: from crystalline to fully amorphous, 3000 devices."""
    devices = QUIET.population(3000, seed=3)
    devices.apply(PARTIAL, amplitude=np.linspace(280e-6, 560e-6, 3000))
    devices.wait(1e-6)  # in the first nanoseconds the glass conducts so well that the heater's share is not small
    current, _ = devices.current(voltage, temperature=temperature)
    assert devices.read(voltage, temperature=temperature) == pytest.approx(current / voltage, rel=1e-5)


def sectors(law, ratio, crowding):
    """Memory of one device whose sectors are all alike: R_films / R_dome, crowding; dome of 1 S that bends at 1 V."""
    work = np.zeros(layout.ROOM)
    rows = {"DOME": 1.0, "RATIO": ratio, "SHARE": 1.0 / (1.0 + ratio), "FIELD": 1.0, "PER_FIELD": 1.0,
            "CROWDING": crowding, "SLOPE": 1.0 / (1.0 + ratio)}  # fmt: skip
    for name, value in rows.items():
        start = getattr(layout, name)
        work[start : start + SECTORS] = value
    work[layout.LAW] = law == "poole-frenkel"
    return work


def over_dome(law, log_j, crowding):
    """Voltage over a dome by ln of its current; the formulas of `hopping` and `poole_frenkel`."""
    j = mpmath.exp(log_j)
    if law == "hopping":
        y = mpmath.asinh(j)
        return y - crowding * mpmath.tanh(y) ** 3
    r = 2 * mpmath.lambertw(mpmath.sqrt(j) / 2).real
    return r**2 - crowding * 2 * r**3 * (3 + r) / (2 + r) ** 3


@pytest.mark.parametrize("law", ["hopping", "poole-frenkel"])
@pytest.mark.parametrize("crowding", [0.0, 0.11, 0.41])
@pytest.mark.parametrize("ratio", np.geomspace(1e-8, 1e8, 9))
def test_every_dome_voltage_is_found(law, crowding, ratio):
    """Dome and films in series for k and x of all sizes, by both laws."""
    for x in np.geomspace(1e-6, 1e3, 19):
        current, slope = solve.solve_current(x, 0.0, 0.0, sectors(law, ratio, crowding))
        current, slope = current / SECTORS, slope / SECTORS
        with mpmath.workdps(40):
            # the voltage that the current found needs, and how much it misses by in terms of the current
            log_j = mpmath.log(mpmath.mpf(current))
            rise = mpmath.diff(lambda at: over_dome(law, at, crowding), log_j) + ratio * mpmath.mpf(current)
            miss = (over_dome(law, log_j, crowding) + ratio * mpmath.mpf(current) - mpmath.mpf(x)) / rise
            assert abs(miss) < 1e-12 * max(1.0, float(abs(log_j)))
            assert slope == pytest.approx(float(mpmath.mpf(current) / rise), rel=1e-11)
        if x < 6.0:
            read = solve.read_current(x, 0.0, 0.0, sectors(law, ratio, crowding)) / SECTORS
            assert read == pytest.approx(current, rel=1e-7 if law == "hopping" and crowding < 0.4 else 3e-6)


def test_a_solver_of_circuits_is_not_warned(made):
    current, slope = made.current(5.0, warn=False)  # a warning would fail the test
    assert np.isfinite(current).all()
    assert (slope > 0.0).all()
    assert made.ohmic is False


@pytest.mark.parametrize("on", [False, True])
@pytest.mark.parametrize("voltage", [1.0, 10.0, 100.0, 1e3, 1e5])
def test_no_voltage_is_too_high_for_the_laws(made, voltage, on):
    current, slope = made.now().current(voltage, on=on, warn=False)
    assert (current > made.now().current(voltage / 2, on=on, warn=False)[0]).all()
    if not on:  # what is left of the resistance where every dome is open: films and heater
        assert (current / voltage <= slope * (1 + 1e-9)).all()
    step = 1e-4 * voltage
    up, down = (made.now().current(voltage + s, on=on, warn=False)[0] for s in (step, -step))
    if not on or voltage > 2.0:  # the on-state bends where it begins
        assert (up - down) / (2 * step) == pytest.approx(slope, rel=1e-3)


def test_current_is_that_of_the_branch_that_a_rising_voltage_leads_to(made):
    look = made.now()
    folds = look.folds()
    for voltage in (0.5, 0.95, 1.1, 1.5):
        current, slope = look.current(voltage)
        beyond = voltage > folds.up_voltage
        off, on = (look.current(voltage, on=state)[0] for state in (False, True))
        assert current[beyond] == pytest.approx(on[beyond], rel=1e-9)
        # a crystal's off-state goes over into the on-state, an early on-state lies beside the off-state
        early = ~beyond & (current != off)
        assert (current[early] > off[early]).all()
        assert (current[~beyond] <= folds.up_current[~beyond] * (1 + 1e-9)).all()
        assert (slope > 0.0).all()
    backward, _ = look.current(-1.5)
    assert np.array_equal(backward, -current)


def test_hotter_conducts_more_and_switches_earlier():
    reset_devices = CELL.population(200, seed=9)
    reset_devices.apply(RESET)
    reset_devices.wait(1.0)
    cold, hot = reset_devices.conductance(temperature=300.0), reset_devices.conductance(temperature=350.0)
    # activation of 0.38 eV, raised by what drift has added to the barrier
    activation = np.log(hot / cold) / (1 / 300 - 1 / 350) * 8.617333262e-5
    assert 0.3 < np.median(activation) < 0.5
    assert (reset_devices.threshold_voltage(temperature=350.0) < reset_devices.threshold_voltage()).all()


def test_a_liner_takes_drift_noise_and_contrast():
    outcome = []
    for name in ("ibm-90nm-doped-gst", "ibm-90nm-projected"):
        devices = pcm.load_cell(name).population(2000, seed=3)
        fresh = devices.conductance()
        devices.apply(RESET)
        devices.wait(100.0)
        clean = devices.conductance()
        noise = (devices.read() / clean - 1.0).std()
        outcome.append((np.median(devices.drift_exponent), noise, np.median(fresh / clean)))
    (drift, noise, contrast), (projected, less, small) = outcome
    assert projected < drift / 3
    assert less < 0.5 * noise
    assert small < 0.3 * contrast

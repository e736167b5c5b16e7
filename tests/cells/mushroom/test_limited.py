"""Devices with a ceiling: a poor contact in series that reads, I-V, noise and verify see, and pulses do not."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys import ParameterError
from tests.cells.mushroom.mushroom_cells import CELL, PARTIAL, QUIET, RESET, SET, WARM, P, alike, history, same, state
from tests.cells.mushroom.test_twin import CELLS, HISTORY, check_steps
from tests.oracles.mushroom_cell import Device

CEILING = 12e-6
SERIES = P.heat.on_resistance + P.conduction.series_resistance


def test_as_many_are_limited_as_asked_for_and_the_fate_is_the_devices_own():
    devices = CELL.population(20_000, seed=3, limited=0.2, ceiling=CEILING)
    limited = devices.ceiling < math.inf
    # n = 20 000: standard deviation of the count 57; four of them
    assert abs(limited.sum() - 4000) < 230
    assert devices.ceiling[limited] == pytest.approx(CEILING, rel=1e-6)
    contact = devices.identity["contact"]
    assert contact[limited] == pytest.approx(1.0 / CEILING - SERIES, rel=1e-6)
    assert (contact[~limited] == 0.0).all()
    # chunks, and a larger fraction takes in all that a smaller one has
    part = CELL.population(500, seed=3, first_cell=700, limited=0.2, ceiling=CEILING)
    assert np.array_equal(part.ceiling, devices.ceiling[700:1200])
    more = CELL.population(20_000, seed=3, limited=0.3, ceiling=CEILING).ceiling < math.inf
    assert (more >= limited).all()
    # nothing to do with who is stuck
    both = CELL.population(20_000, seed=3, limited=0.2, ceiling=CEILING, stuck_high=0.3)
    assert np.array_equal(both.ceiling, devices.ceiling)
    # n = 6000 stuck: standard deviation of the fraction 0.5 %; four of them
    assert (both.ceiling < math.inf)[both.stuck].mean() == pytest.approx(0.2, abs=0.02)


def test_the_others_are_as_without_limited_ones():
    plain = CELL.population(60, seed=4)
    mixed = CELL.population(60, seed=4, limited=0.4, ceiling=CEILING)
    free = mixed.ceiling == math.inf
    assert 0 < free.sum() < 60
    first, second = history(plain), history(mixed)
    assert same([v[free] for v in first], [v[free] for v in second])
    assert not any(np.array_equal(a[~free], b[~free]) for a, b in zip(first[2:3], second[2:3]))


@pytest.mark.parametrize("voltage", [-0.3, 0.05, 0.2, 0.3])
def test_the_contact_is_a_resistance_in_series(voltage):
    """The voltage that a good device has at the same current, and the contact's own, add up to the whole."""
    poor, good = (QUIET.population(300, seed=5, **more) for more in ({"limited": 1.0, "ceiling": CEILING}, {}))
    for devices in (poor, good):
        devices.apply(PARTIAL, amplitude=np.linspace(280e-6, 560e-6, 300))
        devices.wait(10.0)
    current, slope = poor.current(voltage)
    contact = poor.identity["contact"]
    across, there = voltage - contact * current, np.empty(300)
    there, slope_there = good.current(across)
    assert current == pytest.approx(there, rel=1e-12)
    assert slope == pytest.approx(slope_there / (1.0 + contact * slope_there), rel=1e-12)
    assert poor.copy().read(voltage) == pytest.approx(current / voltage, rel=3e-6)


def test_noise_and_drift_shrink_by_the_share_of_the_voltage():
    """All sectors alike and ohmic (crystalline): d ln G of the whole is (1 - R_contact G) of the material's."""
    outcome = {}
    for name, more in (("good", {}), ("poor", {"limited": 1.0, "ceiling": CEILING})):
        devices = alike(telegraph={"boundary_amplitude": 1e-3, "crowding": 0.0}).population(4000, seed=6, **more)
        devices.apply(WARM)
        devices.wait(100.0)
        clean = devices.conductance()
        outcome[name] = clean, devices.drift_exponent, devices.read() / clean - 1.0
    share = 1.0 - devices.identity["contact"] * outcome["poor"][0]
    assert 0.05 < share.mean() < 0.5
    assert outcome["poor"][1] == pytest.approx(share * outcome["good"][1], rel=1e-3)
    assert outcome["poor"][2] == pytest.approx(share * outcome["good"][2], rel=1e-2, abs=1e-9)


def test_pulses_do_not_see_the_contact():
    poor, good = CELL.population(80, seed=7, limited=1.0, ceiling=CEILING), CELL.population(80, seed=7)
    for pulse in (RESET, SET, pcm.Pulse(voltage=1.4, width=60e-9), PARTIAL):
        reports = [d.apply(pulse) for d in (poor, good)]
        assert np.array_equal(reports[0].energy, reports[1].energy)
        assert same([poor.threshold_voltage(), *state(poor)], [good.threshold_voltage(), *state(good)])


def test_a_target_above_the_ceiling_is_reported_as_missed():
    devices = CELL.population((2, 300), seed=8, limited=0.3, ceiling=CEILING)
    limited = devices.ceiling < math.inf
    targets = np.full((2, 300), 3e-6)
    targets[1] = 18e-6
    report = devices.program(targets, scheme=pcm.programming.SCHEMES["gradient"].but(pulses=60))
    assert not report.converged[1][limited[1]].any()
    assert (report.error[1][limited[1]] < -6e-6).all()
    assert (report.iterations[1][limited[1]] == 60).all()
    assert report.converged[0][limited[0]].mean() > 0.9
    assert report.converged[~limited].mean() > 0.9


@pytest.mark.parametrize("name", ["busy bare", "projected"])
def test_a_history_of_limited_devices_agrees_with_the_twin(name):
    cell, options = CELLS[name](), {"limited": 0.5, "ceiling": 2e-6}
    devices = cell.population(3, seed=12, **options)
    assert (devices.ceiling < 1.0).sum() in (1, 2)
    check_steps(devices, [Device(cell.parameters, 12, i, **options) for i in range(3)], HISTORY)


def test_the_ceiling_counts_heater_and_leads():
    """One that heater and leads alone fall short of changes nothing."""
    assert (CELL.population(50, seed=1, limited=1.0, ceiling=0.99 / SERIES).ceiling < math.inf).all()
    devices = CELL.population(50, seed=1, limited=1.0, ceiling=1.01 / SERIES)
    assert (devices.ceiling == math.inf).all()
    assert same(history(devices), history(CELL.population(50, seed=1)))


def test_threads_and_copies():
    before, outcomes = numba.get_num_threads(), []
    try:
        for threads in (1, 4):
            numba.set_num_threads(threads)
            outcomes.append(history(CELL.population(1500, seed=5, limited=0.5, ceiling=CEILING)))
    finally:
        numba.set_num_threads(before)
    assert same(*outcomes)
    devices = CELL.population((3, 4), seed=5, limited=0.5, ceiling=CEILING)
    twin = devices.copy()
    devices.ceiling[:] = 0.0
    assert same(history(devices), history(twin))


BAD = [
    (r"limited must be a number within \[0, 1\]; got 1.1", {"limited": 1.1, "ceiling": 1e-6}),
    (r"limited must be a number within \[0, 1\]; got nan", {"limited": math.nan, "ceiling": 1e-6}),
    (r"ceiling must be a number in S, if devices are limited; got None with limited = 0.1", {"limited": 0.1}),
    (r"ceiling must be a number in S within \[1e-15, inf\); got 0 S", {"limited": 0.1, "ceiling": 0.0}),
    (r"ceiling must be a number in S within \[1e-15, inf\); got -1 S", {"limited": 0.0, "ceiling": -1.0}),
    (r"ceiling must be a number in S within \[1e-15, inf\); got inf S", {"limited": 0.1, "ceiling": math.inf}),
    (r"ceiling must be a number in S", {"limited": 0.1, "ceiling": [1e-6, 2e-6]}),
]


@pytest.mark.parametrize(("message", "options"), BAD, ids=range(len(BAD)))
def test_bad_input_is_named(message, options):
    with pytest.raises(ParameterError, match=rf"^{message}"):
        CELL.population(3, **options)


@given(
    ceiling=st.floats(-9, -4).map(lambda x: 10.0**x),
    current=st.floats(0.0, 1e-3),
    wait=st.floats(-6, 6),
    temperature=st.floats(250.0, 700.0),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_no_state_exceeds_the_ceiling(ceiling, current, wait, temperature, seed):
    devices = CELL.population(6, seed=seed, limited=1.0, ceiling=ceiling)
    devices.apply(pcm.Pulse(current=current, width=1e-7, fall=1e-8))
    devices.wait(10.0**wait, temperature)
    for value in (devices.conductance(), devices.conductance(temperature=temperature), devices.read()):
        assert (value > 0.0).all()
        assert (value < ceiling * (1 + 1e-6)).all()
    for voltage in (-20.0, -0.3, 1e-6, 0.3, 20.0):
        # the on-state breaks through the contact
        found, slope = devices.now().current(voltage, on=False, warn=False)  # 20 V may drive more than 1 mA
        assert (found * voltage > 0.0).all()
        assert (np.abs(found) <= ceiling * abs(voltage) * (1 + 1e-6)).all()
        assert ((slope > 0.0) & (slope <= ceiling * (1 + 1e-6))).all()

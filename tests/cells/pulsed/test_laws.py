"""Update laws against closed forms and published numbers, without noise and spread."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.cells.pulsed.laws.leak import kept
from pcmphys.cells.pulsed.laws.nonlinear import constant_of, label_of
from pcmphys.cells.pulsed.response import mean_steps, walk
from tests.cells.pulsed.technologies import LAWS, cell, loaded, text

RRAM = "rram-gong2018"


def weights(technology, response):
    window = technology.parameters.window
    return (response.conductance - window.zero) / window.unit


def step(technology, weight, up):
    window = technology.parameters.window
    return float(technology.steps(window.zero + window.unit * weight)[0 if up else 1]) / window.unit


def test_incremental_set_reaches_the_published_fractions():
    found = pcm.load_cell("pcm-nandakumar2020").response(up=80, down=0).conductance / 12e-6
    expected = {1: 0.141, 2: 0.213, 3: 0.265, 5: 0.341, 10: 0.462, 20: 0.609, 30: 0.710, 50: 0.865, 72: 1.0}
    for pulses, fraction in expected.items():
        assert found[pulses] == pytest.approx(fraction, abs=1e-3)
    assert found[71] < 1.0 == found[72]


@pytest.mark.parametrize(
    ("weight", "up", "expected"),
    [(-1.0, True, 0.00295), (0.0, True, 0.00148), (1.0, True, 0.00136),
     (-1.0, False, 0.00108), (0.0, False, 0.00199), (1.0, False, 0.01308)],
)  # fmt: skip
def test_steps_of_rram(weight, up, expected):
    assert step(cell(RRAM), weight, up) == pytest.approx(expected, abs=1e-5)


def test_symmetry_point_of_rram():
    window = cell(RRAM).parameters.window
    assert (cell(RRAM).symmetry_point - window.zero) / window.unit == pytest.approx(-0.22, abs=0.01)


def soft(up, down, low, high):
    """Soft bounds with these steps at zero: the imbalance weakens one side of a common step."""
    size = max(up, down)
    imbalance = 1.0 - down / up if up > down else up / down - 1.0
    content = text("soft", "soft_bounds", {"step": size}, imbalance=imbalance)
    content = content.replace("value = -1.0", f"value = {low}", 1).replace("value = 1.0", f"value = {high}", 1)
    return loaded(content)


def test_soft_bounds_in_closed_form():
    technology = soft(0.02, 0.02, -0.8, 1.25)
    start = technology.parameters.window.zero
    found = weights(technology, technology.response(up=200, down=0, start=start))
    n = np.arange(201)
    assert found == pytest.approx(1.25 * (1.0 - (1.0 - 0.02 / 1.25) ** n), abs=1e-12)
    devices = technology.population(3, seed=1)
    devices.pulse(+1, count=200)
    assert devices.weight == pytest.approx(found[-1], abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(up=st.floats(5e-4, 5e-3), down=st.floats(5e-4, 5e-3), low=st.floats(-1.5, -0.5), high=st.floats(0.5, 1.5))
def test_alternating_pulses_lead_to_the_symmetry_point(up, down, low, high):
    technology = soft(up, down, low, high)
    window = technology.parameters.window
    expected = (up - down) / (up / high - down / low)
    assert (technology.symmetry_point - window.zero) / window.unit == pytest.approx(expected, abs=1e-9)
    for start in (low, high):
        path = walk(technology.parameters, start, np.tile([1, 0], 40_000))
        assert 0.5 * (path[-1] + path[-2]) == pytest.approx(expected, abs=1e-3)


def test_states_of_the_shipped_cells():
    states = {
        "rram-gong2018": 1481, "rram-gong2018-softbounds": 1000, "capacitor-li2018": 400, "ecram-tang2018": 1000,
        "ecram-kim2019": 7089, "rpu-rasch2019": 10000, "rpu-gokmen2016": 1250, "rram-gong2022-optimised": 21,
    }  # fmt: skip
    assert {name: round(cell(name).states) for name in states} == states
    assert cell("rram-gong2022-hfo2").states == pytest.approx(4.3, abs=0.05)


def test_states_are_a_label_and_pulses_across_are_counted():
    """Of constant steps both are one; exponential steps are named by their scale, soft bounds by their first step."""
    ideal = cell("rpu-rasch2019")
    assert ideal.pulses_across(1.0) == pytest.approx((ideal.states, ideal.states), abs=1.0)
    assert ideal.pulses_across(0.9) == pytest.approx((0.9 * ideal.states, 0.9 * ideal.states), abs=1.0)
    set_only = cell("pcm-nandakumar2020").pulses_across()
    assert set_only.up == 56.0
    assert math.isnan(set_only.down)
    # w after n steps towards soft bounds 2 apart from a step of a at zero: 1 - 2 (1 - a)^n
    soft_bounds = cell("soft")
    expected = math.ceil(math.log(0.1) / math.log(1.0 - 0.02))
    assert soft_bounds.pulses_across() == (expected, expected)
    # a billionth of the window counts as nothing
    arrived = math.ceil(math.log(1e-9) / math.log(1.0 - 0.02))
    assert soft_bounds.pulses_across(1.0) == (arrived, arrived)
    assert cell("pcm-nandakumar2018").pulses_across().up == math.inf
    assert soft_bounds.states == pytest.approx(100.0)
    for way, count in zip((True, False), cell(RRAM).pulses_across(0.5), strict=True):
        technology, count = cell(RRAM), int(count)
        start = technology.conductance_minimum if way else technology.conductance_maximum
        found = technology.response(up=count * way, down=count * (not way), start=start).conductance
        half = 0.5 * (technology.conductance_minimum + technology.conductance_maximum)
        assert (found[-1] >= half) == way
        assert (found[-2] >= half) != way
    with pytest.raises(pcm.ParameterError, match="share must be a number within"):
        ideal.pulses_across(0.0)


def test_a_response_has_the_figures_of_its_own_pulses():
    technology = cell("rpu-rasch2019")
    found = technology.response(up=5000, down=5000)
    assert found.nonlinearity == pytest.approx((0.0, 0.0), abs=1e-9)
    assert found.asymmetry == pytest.approx(0.0, abs=1e-9)
    rram = cell(RRAM)
    assert rram.response(up=1481, down=1481).nonlinearity == pytest.approx(rram.nonlinearity, rel=0.01)
    assert rram.response(up=1481, down=1481).asymmetry == pytest.approx(rram.asymmetry, rel=0.01)
    # without the flat end of the down curve, its label is less
    assert rram.response(up=1000, down=800).nonlinearity.down < 0.9 * rram.nonlinearity.down
    assert math.isnan(rram.response(up=5, down=4).asymmetry)
    assert math.isnan(rram.response(up=5, down=0).nonlinearity.down)


LABELS = {
    0.04: 31.5667, 0.5: 2.51987, 1: 1.25165, 1.75: 0.702079, 2.4: 0.499180, 3.68: 0.300643, 4.88: 0.200303,
    6.76: 0.100250, 9: 0.022810,
}  # fmt: skip


@pytest.mark.parametrize(("label", "constant"), LABELS.items())
def test_labels_and_constants_both_ways(label, constant):
    assert label_of(constant) == pytest.approx(label, abs=1e-4)
    assert constant_of(label) == pytest.approx(constant, rel=1e-4)
    assert constant_of(-label) == -constant_of(label)


def test_first_pulses_take_the_rows_of_their_groups():
    """The first, the second, the third and fourth; then the others. A middle quantile is the step without noise."""
    parameters = cell("early-table").parameters
    path = walk(parameters, -1.0, np.ones(6))
    middle = [(0.2, 0.16), (0.1, 0.1), *[(0.05, 0.03)] * 2, *[(0.03, 0.01)] * 2]
    for before, after, row in zip(path[:-1], path[1:], middle, strict=True):
        assert after - before == pytest.approx(np.interp(before, [-1.0, 1.0], row), abs=1e-12)
    steps = mean_steps(parameters, np.array([-1.0]))
    assert steps.ravel() == pytest.approx([0.03, 0.01], abs=1e-12)


def test_a_label_is_the_largest_distance_from_the_straight_line():
    for label in (0.04, 2.4, 9.0):
        a, p = constant_of(label), np.linspace(0.0, 1.0, 100_001)
        curve = -np.expm1(-p / a) / -np.expm1(-1.0 / a)
        assert 10.1015 * (curve - p).max() == pytest.approx(label, abs=1e-4)
    assert constant_of(0.0) == math.inf
    assert label_of(1e9) == 0.0
    with pytest.raises(pcm.ParameterError, match="label"):
        constant_of(11.0)


@pytest.mark.parametrize(("up", "down"), [(2.4, 4.88), (0.5, -1.75), (-6.0, 0.0)])
def test_a_nonlinear_cell_has_its_labels(up, down):
    numbers = LAWS["nonlinear"][1] | {"label_up": up, "label_down": down, "pulses_up": 200.0, "pulses_down": 200.0}
    technology = loaded(text("mine", "nonlinear", numbers))
    assert technology.states == pytest.approx(200.0)
    assert technology.nonlinearity == pytest.approx((up, down), abs=2e-3)
    found = weights(technology, technology.response(up=200, down=200))
    assert found[[0, 200, 400]] == pytest.approx([-1.0, 1.0, -1.0], abs=1e-9)


def test_labels_are_given_back_where_up_and_down_have_other_numbers_of_pulses():
    technology = pcm.export.from_neurosim(1e-6, 1e-5, (30, 100), (1.0, -2.0), source="a trial")
    assert technology.nonlinearity == pytest.approx((1.0, 2.0), abs=0.02)
    assert technology.states == pytest.approx(65.0)
    assert technology.pulses_across(1.0) == (30, 100)


def test_noise_of_n_pulses_grows_as_their_root():
    numbers = LAWS["nonlinear"][1] | {"label_up": 0.0, "label_down": 0.0, "pulses_up": 1e5, "pulses_down": 1e5}
    technology = loaded(text("mine", "nonlinear", numbers | {"noise": 0.005}))
    devices = technology.population(20_000, seed=2)
    devices.pulse(+1, count=25)
    expected = 0.005 * 2.0 * 5.0
    assert devices.weight.std() == pytest.approx(expected, rel=4.0 / math.sqrt(2 * devices.size))


def test_ecram_steps_at_the_bounds():
    technology = cell("ecram-tang2018")
    window = technology.parameters.window
    up = step(technology, window.weight_maximum, True) / 0.002
    down = step(technology, window.weight_minimum, False) / 0.002
    assert (up, down) == pytest.approx((0.885, 0.49), abs=2e-3)
    assert up / down == pytest.approx((1.0 - 0.1153) / (1.0 - 0.5085), rel=1e-3)


def test_leak_of_a_mini_batch():
    assert kept(1e-6, 1.0) == pytest.approx(1.0 - 1e-6, rel=1e-15)
    assert kept(1.0, 3.0) == 0.0
    technology = cell("capacitor-li2018").but({"leak.lifetime": 200.0, "leak.spread": 0.0})
    devices = technology.population(4, seed=1)
    devices.pulse(+1, count=60)
    before = devices.weight
    devices.leak()
    assert devices.weight / before == pytest.approx(1.0 - 1.0 / 200.0, abs=1e-6)
    devices.wait(30.0 * technology.parameters.leak.batch_duration)
    assert devices.weight / before == pytest.approx((1.0 - 1.0 / 200.0) ** 31, abs=1e-5)


def test_a_slow_leak_in_many_small_portions_is_not_lost():
    technology = cell("capacitor-li2018").but({"leak.spread": 0.0})
    devices = technology.population(100, seed=1)
    devices.pulse(+1, count=60)
    before = devices.weight
    for _ in range(3000):
        devices.leak(0.25)
    assert devices.weight / before == pytest.approx(math.exp(-750e-6), abs=2e-6)
    for _ in range(1000):
        devices.leak(30.0)
    assert devices.weight / before == pytest.approx(math.exp(-30750e-6), rel=1e-3)


def test_figures_of_merit_of_a_symmetric_and_of_an_asymmetric_cell():
    ideal, rram = cell("rpu-rasch2019"), cell(RRAM)
    assert ideal.asymmetry == pytest.approx(0.0, abs=1e-9)
    assert ideal.nonlinearity == pytest.approx((0.0, 0.0), abs=1e-9)
    assert rram.asymmetry > 0.3
    assert min(rram.nonlinearity) > 1.0
    assert math.isnan(cell("pcm-nandakumar2018").symmetry_point)
    assert math.isnan(cell("pcm-nandakumar2018").nonlinearity.down)


def test_a_response_says_what_it_is():
    found = cell("ecram-tang2018").response(up=2, down=1)
    assert found.up.tolist() == [True, True, True, False]
    assert found.pulse.tolist() == [0, 1, 2, 3]
    with pytest.raises(pcm.ParameterError, match="down must be 0"):
        cell("pcm-nandakumar2018").response(up=2, down=1)
    with pytest.raises(pcm.ParameterError, match="start"):
        cell(RRAM).response(start=1e-3)

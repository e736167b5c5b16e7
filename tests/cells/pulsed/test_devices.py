"""Devices that are trained in place: against a device computed the slow way, in statistics, whatever the threads."""

import pickle

import numba
import numpy as np
import pytest

import pcmphys as pcm
from tests.cells.pulsed.technologies import EVERY, SHIPPED, cell
from tests.oracles.pulsed_cell import Device

COUNTS = np.array([[7, 0, -3, 12], [1, -1, 25, 2]])


def up_only(name, counts):
    return np.abs(counts) if cell(name).one_sided else counts


def history(devices, name):
    """Everything that a device can be asked to do but programming; what is read on the way."""
    found = [devices.weight]
    devices.pulse(up_only(name, COUNTS))
    found.append(devices.conductance())
    devices.wait(100.0)
    found.append(devices.read())
    devices.pulse(+1, count=2, where=COUNTS > 1)
    if devices.cell.parameters.reset is not None:
        devices.reset(where=COUNTS > 10)
        found.append(devices.conductance())
    devices.pulse(+1)
    return np.array([*found, devices.read()])


@pytest.mark.parametrize("name", EVERY)
def test_devices_are_those_computed_one_by_one(name):
    technology = cell(name)
    window = technology.parameters.window
    devices = technology.population((2, 4), seed=11, first_cell=2**33 + 5, stuck=0.2)
    slow = [Device(technology, 11, 2**33 + 5 + k, stuck_share=0.2) for k in range(8)]

    def compare(found, expected):
        assert np.ravel(found) == pytest.approx(expected, abs=3e-6 * window.conductance_maximum)

    compare(devices.conductance(), [d.conductance() for d in slow])
    zero = [window.zero + window.unit * d.own["reference"] for d in slow]
    compare(devices.reference, zero)
    counts = up_only(name, COUNTS)
    devices.pulse(counts)
    for d, n in zip(slow, counts.ravel(), strict=True):
        d.pulse(int(n))
        d.wait(25 * technology.parameters.pulse.duration)
    compare(devices.conductance(), [d.conductance() for d in slow])
    compare(devices.read(), [d.read() for d in slow])
    if technology.parameters.reset is not None:
        devices.reset(where=COUNTS > 5)
        for d, n in zip(slow, COUNTS.ravel(), strict=True):
            d.reset() if n > 5 else setattr(d, "event", d.event + 1)
        compare(devices.conductance(), [d.conductance() for d in slow])
    if technology.parameters.leak is not None:
        devices.leak(1e5)
        for d in slow:
            d.leak(1e5)
        compare(devices.conductance(), [d.conductance() for d in slow])
    devices.pulse(+1)
    for d in slow:
        d.pulse(1)
    if technology.parameters.read.drift_exponent:
        devices.wait(1e6)
        for d in slow:
            d.wait(1e6)
    compare(devices.conductance(), [d.conductance() for d in slow])
    compare(devices.read(), [d.read() for d in slow])


@pytest.mark.parametrize("name", EVERY)
def test_same_bits_for_threads_chunks_and_copies(name):
    made = cell(name).population((2, 4), seed=3)
    twin, thawed = made.copy(), pickle.loads(pickle.dumps(made))
    some = made[1]
    expected = history(made, name)
    assert np.array_equal(history(twin, name), expected)
    assert np.array_equal(history(thawed, name), expected)
    some.pulse(up_only(name, COUNTS)[1])
    assert np.array_equal(some.conductance(), expected[1][1])
    many = 20_000
    found = []
    before = numba.get_num_threads()
    for threads in (1, before):
        numba.set_num_threads(threads)
        devices = cell(name).population(many, seed=5)
        devices.pulse(+1, count=3)
        found.append(devices.read())
    numba.set_num_threads(before)
    parts = [cell(name).population(many // 2, seed=5, first_cell=first) for first in (0, many // 2)]
    for part in parts:
        part.pulse(+1, count=3)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(np.concatenate([part.read() for part in parts]), found[0])


@pytest.mark.parametrize("name", [name for name in EVERY if name not in ("capacitor-li2018", "rram-gong2022-hfo2")])
def test_it_is_a_cell_as_other_rooms_expect_it(name):
    assert len(pcm.testing.check_cell(cell(name), many=4)) == 13


def test_a_capacitor_that_keeps_its_charge_is_such_a_cell():
    # an hour empties every capacitor, with whatever seed
    assert len(pcm.testing.check_cell(cell("capacitor-li2018").but({"leak.lifetime": 1e15}), many=4)) == 13


def test_spread_over_devices_is_what_the_technology_says():
    technology = cell("rram-gong2018-softbounds")
    p, many = technology.parameters, 40_000
    devices = technology.population(many, seed=4)
    error = 4.0 / np.sqrt(many)
    for part, mean, spread in (
        (devices.traits.high, 1.25, 0.24 * 1.25),
        (devices.traits.low, -0.75, 0.4 * 0.75),
        (devices.traits.up, 0.002, 0.002 * np.hypot(0.3, 0.01)),
    ):
        assert part.mean() == pytest.approx(mean, abs=error * spread + 1e-4 * abs(mean))
        assert part.std() == pytest.approx(spread, rel=error)
    assert np.corrcoef(devices.traits.high, devices.traits.low)[0, 1] == pytest.approx(0.0, abs=error)
    assert p.soft_bounds_reference.step == 0.002
    logarithmic = cell("rram-gong2022-optimised").population(many, seed=4).traits.up / 0.0949
    assert logarithmic.mean() == pytest.approx(np.exp(0.5 * 0.7829**2), abs=4.0 * logarithmic.std() / np.sqrt(many))


def test_cycle_noise_is_that_of_a_pulse_and_grows_as_the_root():
    technology = cell("rpu-gokmen2016").but({"pulse.gain_spread": 0.0, "pulse.imbalance_spread": 0.0})
    many = 40_000
    for count in (1, 2, 25):
        devices = technology.population(many, seed=9)
        devices.pulse(+1, count=count)
        assert devices.weight.mean() == pytest.approx(0.0016 * count, abs=4 * 0.3 * 0.0016 * np.sqrt(count / many))
        assert devices.weight.std() == pytest.approx(0.3 * 0.0016 * np.sqrt(count), rel=4.0 / np.sqrt(2 * many))


def test_write_noise_is_read_and_not_kept():
    quiet = cell("rram-gong2018").but({"exponential.noise": 0.0})
    loud = quiet.population(20_000, seed=2)
    loud.pulse(+1)
    first = loud.read()
    assert np.array_equal(first, loud.read())
    loud.pulse(0)
    assert np.array_equal(first, loud.read())
    still = quiet.but({"pulse.write_noise": 0.0}).population(20_000, seed=2)
    still.pulse(+1)
    still.pulse(0)
    expected = 75.0 * 0.00135 * quiet.parameters.window.unit
    assert (first - still.read()).std() == pytest.approx(expected, rel=4.0 / np.sqrt(40_000))
    for devices in (loud, still):
        devices.pulse(+1, count=3)
    assert np.array_equal(loud.state.weight, still.state.weight)
    assert np.corrcoef(loud.read(), first)[0, 1] < 0.5


def test_read_noise_and_drift_of_phase_change_memory():
    technology = cell("pcm-nandakumar2018")
    devices = technology.population(40_000, seed=6)
    devices.pulse(+1, count=8)
    look = devices.now()
    noise = devices.read() - look.conductance
    expected = np.sqrt(np.mean((0.13e-6 + 0.03 * look.conductance) ** 2))
    assert noise[look.conductance > 2e-6].std() == pytest.approx(
        np.sqrt(np.mean((0.13e-6 + 0.03 * look.conductance[look.conductance > 2e-6]) ** 2)), rel=0.03
    )
    assert 0.0 < expected < 1e-6
    devices.wait(386.0 - devices.time + 8 * 5e-8)
    assert devices.conductance() / look.conductance == pytest.approx(10.0**-0.04, rel=1e-6)


def test_stuck_devices_stay():
    devices = cell("rram-gong2022-optimised").population(20_000, seed=1, stuck=0.1348)
    assert devices.stuck.mean() == pytest.approx(0.1348, abs=4 * np.sqrt(0.1348 * 0.8652 / 20_000))
    before = devices.state.weight.copy()
    devices.pulse(+1, count=10)
    changed = devices.state.weight != before
    assert not changed[devices.stuck].any()
    assert changed[~devices.stuck].mean() > 0.95
    assert not cell("rram-gong2022-optimised").population(1000, seed=1).stuck.any()


@pytest.mark.parametrize("name", ["rram-gong2022-hfo2", "pcm-nandakumar2018"])
def test_what_is_stuck_reads_as_before_whatever_is_written(name):
    """Write noise and the clock of drift are a write's, which a stuck device does not take; the others' bits stay."""
    technology = cell(name)
    one, other = (technology.population(1000, seed=2, stuck=share) for share in (0.3, 0.0))
    for devices in (one, other):
        devices.pulse(+1)
        devices.wait(100.0)
    before, waited = one.conductance(), other.conductance()
    assert np.array_equal(before[~one.stuck], waited[~one.stuck])
    one.pulse(+1, count=5)
    if technology.parameters.reset is not None:
        one.reset()
    after = one.conductance()
    # drift goes on where it was; nothing else does
    assert (after[one.stuck] <= before[one.stuck]).all()
    if not technology.parameters.read.drift_exponent:
        assert np.array_equal(after[one.stuck], before[one.stuck])
        assert (one.state.offset[one.stuck] == 0.0).all()
    assert (after[~one.stuck] != before[~one.stuck]).mean() > 0.8


def test_programming_converges_to_what_whole_pulses_reach():
    """Whole pulses leave an even half of a step on both sides; nearly all devices get there, and none that cannot."""
    technology = cell("ecram-tang2018")
    devices = technology.population(5000, seed=1)
    middle = 0.5 * (technology.conductance_minimum + technology.conductance_maximum)
    report = devices.program(middle)
    step = technology.granularity * technology.parameters.window.unit
    assert report.converged.mean() > 0.99
    # a quarter of a step, where half of them end, would be reached by half
    assert (np.abs(report.error) <= 0.25 * step).mean() == pytest.approx(0.5, abs=0.05)
    assert np.abs(report.error[report.converged]).max() < 1.0 * step
    far = technology.population(2000, seed=1, stuck=0.5)
    report = far.program(technology.conductance_maximum)
    assert not report.converged[far.stuck & (np.abs(report.error) > 0.5 * step)].any()
    full = cell("pcm-nandakumar2018").population(500, seed=1)
    report = full.program(full.cell.conductance_maximum)
    assert not report.converged[report.error < -0.5 * full.cell.granularity * full.cell.parameters.window.unit].all()


def test_steps_of_incremental_set_are_those_published():
    """Mean and std of the change by pulse n = 1 to 20 at the devices' own conductance, 4 standard errors."""
    technology = cell("pcm-nandakumar2018").but({"window.weight_maximum": 5.0, "window.conductance_maximum": 60e-6})
    many = 20_000
    devices = technology.population(many, seed=7)
    for n in range(1, 21):
        before = devices.conductance() * 1e6
        devices.pulse(+1)
        change = devices.conductance() * 1e6 - before
        inside = before > 5.0 if n > 4 else before >= 0.0  # a step that ends at zero conductance is cut off
        fade = np.exp(-n / 2.6)
        mean = -0.084 * before + 0.880 + 1.40 * fade
        std = 0.091 * before + 0.260 + 2.15 * fade
        if n > 4:
            z = ((change - mean) / std)[inside]
            assert abs(z.mean()) < 4.0 / np.sqrt(z.size)
            assert abs(z.std() - 1.0) < 4.0 / np.sqrt(2 * z.size)
            wrong = ((change - mean - 0.1) / std)[inside]
            assert abs(wrong.mean()) > 4.0 / np.sqrt(wrong.size)
        else:
            # cut off at zero: the upper half of the steps is not
            z = (change - mean) / std
            upper = z > np.maximum(0.0, -(before + mean) / std)
            assert upper.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(many))


def test_a_reset_leaves_what_its_quantiles_say():
    """Half of the devices end below the third of five numbers, a fifteenth above the fourth; not so of a normal one."""
    devices = cell("early-table").population(40_000, seed=3)
    devices.reset()
    off, error = devices.weight + 0.5, 0.5 / 200.0
    assert (off < 0.0).mean() == pytest.approx(0.5, abs=4.0 * error)
    assert (off > 0.2).mean() == pytest.approx(0.066807, abs=4.0 * error)  # beyond 1.5 standard deviations
    assert off.min() >= -0.4 - 1e-6
    assert off.max() <= 1.2 + 1e-6
    plain = cell("fresh-table").but({"reset.weight": -0.5, "reset.noise": 0.3}, source="test")
    devices = plain.population(40_000, seed=3)
    devices.reset()
    assert (devices.weight > -0.3).mean() > 0.2


def test_a_reset_forgets_and_a_pulse_down_is_refused():
    devices = cell("pcm-nandakumar2018").population(2000, seed=8)
    devices.pulse(+1, count=20)
    late = devices.conductance().mean()
    devices.reset()
    assert (devices.conductance() == 0.0).all()
    devices.pulse(+1)
    assert devices.conductance().mean() > 0.1 * late
    with pytest.raises(pcm.ParameterError, match="can only be pulsed up"):
        devices.pulse(-1)
    with pytest.raises(pcm.ParameterError, match="no RESET"):
        cell("rram-gong2018").population(2).reset()


@pytest.mark.parametrize("name", SHIPPED)
def test_programming_comes_as_close_as_steps_allow(name):
    technology = cell(name)
    devices = technology.population(2000, seed=3)
    low, high = technology.conductance_minimum, technology.conductance_maximum
    report = devices.program(np.linspace(low + 0.3 * (high - low), high - 0.3 * (high - low), 2000))
    share = np.median(np.abs(report.error)) / (high - low)
    window = technology.parameters.window
    # what is one-sided and has gone too far stays there
    own = technology.granularity / (window.weight_maximum - window.weight_minimum)
    assert share < max(0.02, 0.6 * own)
    assert (report.iterations >= 0).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: d.pulse(2), r"direction must be \+1, 0 or -1; got 2"),
        (lambda d: d.pulse(0.5), "direction must hold whole numbers"),
        (lambda d: d.pulse([1, 2, 3]), r"direction must be \+1, 0, -1 or have shape \(2, 4\)"),
        (lambda d: d.pulse(1, count=-1), "count must be a whole number within"),
        (lambda d: d.pulse(1, count=2_000_000), "count must be a whole number within"),
        (lambda d: d.pulse(COUNTS * 1000, count=100), "at most 1000000 pulses"),
        (lambda d: d.pulse(COUNTS * 100_000), "at most 1000000 pulses a device; got 2500000"),
        (lambda d: d.pulse(1_000_001), r"direction must be \+1, 0 or -1; got 1000001"),
        (lambda d: d.events(-1), "count must be a whole number within"),
        (lambda d: d.events(1.5), "count must be a whole number"),
        (lambda d: d.pulse(1, where=[True]), "where must be an array of bool"),
        (lambda d: d.pulse(np.nan), "direction must hold finite numbers"),
        (lambda d: d.wait(-1.0), "duration must be a number in s"),
        (lambda d: d.leak(-1.0), "batches must be a number"),
        (lambda d: d.read(duration=0.0), "duration"),
        (lambda d: d.cell.population(3, 4), "one shape"),
        (lambda d: d.cell.population(3, stuck=1.5), "stuck"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    devices = cell("rram-gong2018").population((2, 4), seed=1)
    before = devices.read()
    with pytest.raises(pcm.ParameterError, match=words):
        call(devices)
    assert np.array_equal(devices.read(), before)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exponential.step": 0.0}, "expected above 0"),
        ({"exponential.step": 3.0}, "step must fit between the bounds"),
        ({"window.weight_maximum": -1.0}, "weight_maximum"),
        ({"window.conductance_maximum": 30e-6}, "more than conductance_minimum"),
        ({"window.weight_minimum": 0.5}, "weight_minimum"),
        ({"pulse.imbalance": 1.0}, "expected at most 0.99"),
        ({"pulse.one_sided": 1.0}, "needs a RESET"),
        ({"pulse.one_sided": 0.5}, "expected 0 or 1"),
        ({"reset.weight": 2.0}, "reset.weight.value: expected within"),
        ({"reset.weight": 0.0, "reset.quantiles": [0.1]}, "two numbers or more that do not fall"),
        ({"reset.weight": 0.0, "reset.quantiles": [0.1, 0.0]}, "two numbers or more that do not fall"),
        ({"constant.step": 0.1, "linear.step": 0.1}, "expected one update law|missing"),
    ],
)
def test_numbers_that_no_device_has_are_refused(changes, words):
    with pytest.raises(pcm.ParameterError, match=words):
        cell("rram-gong2018").but(changes)


def test_steps_that_turn_round_before_the_bound_are_refused():
    for way in ("up", "down"):
        with pytest.raises(pcm.ParameterError, match=f"linear.decrease_{way}.value: expected at most 1; got 5"):
            cell("ecram-tang2018").but({f"linear.decrease_{way}": 5.0})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fresh_up": [0.1] * 3}, "fresh_up and its std at none or at all 2 weights, once for each group"),
        ({"fresh_up": [0.1] * 8}, "got 8 and 6 numbers"),
        ({"fresh_up": [0.1] * 16, "fresh_up_std": [0.1] * 16}, "at most 7; got 16"),
        ({"fresh_up_quantiles": [0.1] * 12}, "as many quantiles up as down.*got 6 for 2 and 12 for 6"),
        ({"fresh_up_std": [0.1] * 5 + [-0.1]}, "no std below zero"),
    ],
)
def test_tables_that_do_not_go_together_are_refused(changes, words):
    with pytest.raises(pcm.ParameterError, match=words):
        cell("early-table").but({f"jump_table.{name}": row for name, row in changes.items()}, source="test")
    with pytest.raises(pcm.ParameterError, match="beside fresh_up_quantiles; got none"):
        cell("table").but({"jump_table.fresh_up_quantiles": [0.1] * 8}, source="test")


def test_temperature_changes_nothing_and_says_so():
    devices = cell("rram-gong2018").population(3, seed=1)
    with pytest.warns(pcm.ValidityWarning, match="no temperature dependence"):
        devices.wait(1.0, temperature=350.0)
    with pytest.warns(pcm.ValidityWarning, match="no temperature dependence"):
        devices.now(temperature=350.0)
    with pytest.warns(pcm.ValidityWarning, match="outside of the window"):
        assert devices.program(1e-3).clipped == 3


def test_memory_of_a_device():
    sizes = {name: cell(name).population(100).nbytes / 100 for name in SHIPPED}
    assert sizes["rram-gong2018"] == 24
    assert sizes["rram-gong2018-softbounds"] == 24  # its references are all at zero
    assert max(sizes.values()) <= 36

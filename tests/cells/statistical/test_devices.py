"""The statistical population: bits that depend on nothing but the seed, moments as published, and honest refusals."""

import itertools
import math
import warnings

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

import pcmphys as pcm
from pcmphys import ParameterError, ValidityWarning
from pcmphys.cells import population
from pcmphys.cells.statistical import devices as module
from pcmphys.numerics import compile
from pcmphys.physics import flicker
from tests.oracles.statistical_cell import TECHNOLOGIES, TRAPS, Device, Ibm90, trap_amplitude, trap_rate

IBM = pcm.load_cell(Ibm90.name)
STATE = ("_conductance", "_exponent", "_noise", "_traps", "_awake", "_program_event")
MILLION = 1_000_000


@pytest.fixture(params=TECHNOLOGIES, ids=lambda t: t.name)
def technology(request):
    return request.param


def history(devices, targets=None):
    """A bit of everything; returns all that came out."""
    g = devices.cell.conductance_maximum
    if targets is None:
        targets = np.linspace(0.0, g, max(devices.size, 2))[: devices.size].reshape(devices.shape)
    out = [devices.program(targets).error]
    devices.wait(1e-3)
    out.append(devices.read())
    devices.wait(3600.0)
    out += [devices.read(), devices.read(duration=1e-3), devices.conductance(), devices.drift_exponent]
    return [np.asarray(x) for x in out]


def same(first, second):
    return all(a.tobytes() == b.tobytes() and a.shape == b.shape for a, b in zip(first, second, strict=True))


def state(devices):
    return [getattr(devices, name).copy() for name in STATE]


# ---- against the slow twin


OPERATION = st.one_of(
    st.tuples(st.just("program"), st.floats(0, 1)),
    st.tuples(st.just("some"), st.floats(0, 1), st.integers(0, 2**12 - 1)),
    st.tuples(st.just("wait"), st.floats(-9, 7)),
    st.tuples(st.just("read"), st.none() | st.floats(-7.5, 0)),
)


@given(
    technology=st.sampled_from(TECHNOLOGIES),
    seed=st.integers(0, 2**64 - 1),
    first_cell=st.one_of(st.integers(0, 100), st.integers(0, 2**64 - 20)),
    operations=st.lists(OPERATION, min_size=1, max_size=8),
)
@settings(max_examples=60)
def test_devices_do_what_their_plain_python_twins_do(technology, seed, first_cell, operations):
    count = 12
    cell = pcm.load_cell(technology.name)
    devices = cell.population(count, seed=seed, first_cell=first_cell)
    twins = [Device(technology, seed, first_cell + k) for k in range(count)]
    for name, *arguments in [("program", 0.5), *operations, ("read", None)]:
        if name in ("program", "some"):
            targets = np.linspace(0.0, arguments[0], count) * cell.conductance_maximum
            chosen = np.array([arguments[-1] >> k & 1 for k in range(count)], dtype=bool) if name == "some" else None
            devices.program(targets, where=chosen)
            for k, twin in enumerate(twins):
                twin.program(targets[k], chosen=chosen is None or chosen[k], all_devices=chosen is None)
        elif name == "wait":
            devices.wait(10 ** arguments[0])
            for twin in twins:
                twin.wait(10 ** arguments[0])
        else:
            duration = None if arguments[0] is None else 10 ** arguments[0]
            values = devices.read(duration=duration)
            # the noise factor 1 + Q away may nearly cancel: the bound is relative to the conductance
            scale = np.array([twin.noise_free() for twin in twins])
            expected = np.array([twin.read(duration) for twin in twins])
            assert (abs(values - expected) <= 2e-13 * scale).all()
        # whole numbers to the bit, real ones to the last places
        assert devices._traps.tolist() == [twin.traps for twin in twins]
        assert devices._awake.tolist() == [twin.awake for twin in twins]
        assert devices.time == float(twins[0].time)
        assert devices._conductance == pytest.approx([t.conductance for t in twins], rel=1e-13, abs=1e-20)
        assert devices.drift_exponent == pytest.approx([t.exponent for t in twins], rel=1e-13, abs=1e-15)
        assert devices._noise == pytest.approx([t.noise for t in twins], rel=1e-13)
        assert devices.conductance() == pytest.approx([t.noise_free() for t in twins], rel=1e-13, abs=1e-20)
        assert devices.age == pytest.approx([float(t.time - t.programmed_at) for t in twins], rel=1e-15)


# ---- same bits, however it is run


@pytest.fixture
def chunks(monkeypatch):
    """Record into how many tasks each launch is cut."""
    numbers = []
    together = compile.together
    monkeypatch.setattr(compile, "together", lambda tasks: (numbers.append(len(tasks)), together(tasks))[1])
    return numbers


def test_one_and_two_threads_give_the_same_bits(chunks):
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = history(IBM.population(100_003, seed=5))
        assert set(chunks) == {1}
        numba.set_num_threads(2)
        chunks.clear()
        two = history(IBM.population(100_003, seed=5))
        assert set(chunks) == {2}
    finally:
        numba.set_num_threads(before)
    assert same(one, two)


@pytest.mark.parametrize("number", [2, 3, 7])
def test_any_number_of_threads_gives_the_same_bits(monkeypatch, number):
    alone = history(IBM.population(7001, seed=5))
    monkeypatch.setattr(compile, "thread_count", lambda: 1 if getattr(compile._local, "inside", False) else number)
    launch = compile.launch
    monkeypatch.setattr(module, "launch", lambda *a, **k: launch(*a, **k, grain=1))
    assert same(alone, history(IBM.population(7001, seed=5)))


@given(cuts=st.lists(st.integers(0, 1400), max_size=4), first=st.sampled_from([0, 17, 2**32 - 700, 2**63]))
@settings(max_examples=25)
def test_chunks_are_the_whole(cuts, first):
    size = 1400  # more than two blocks of scratch
    targets = np.linspace(0, 1, size) * IBM.conductance_maximum
    whole = history(IBM.population(size, seed=9, first_cell=first), targets)
    borders = [0, *sorted(cuts), size]
    parts = [
        history(IBM.population(stop - start, seed=9, first_cell=first + start), targets[start:stop])
        for start, stop in itertools.pairwise(borders)
    ]
    assert same(whole, [np.concatenate(pieces) for pieces in zip(*parts)])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), ()), (0, (0,)), ((0, 5), (0, 5)), ((3, 4, 5), (3, 4, 5)), (np.int64(6), (6,)), ((np.int16(2), 3), (2, 3))],
)
def test_shapes(shape, expected):
    devices = IBM.population(shape, seed=np.int32(1))
    assert devices.shape == expected
    report = devices.program(5e-6)
    for array in (report.error, report.iterations, report.converged, devices.age, *history(devices)):
        assert array.shape == expected
    assert devices.current(0.2)[0].shape == expected
    # the layout is only a way of looking at it
    size = math.prod(expected)
    assert same([x.ravel() for x in history(IBM.population(shape, seed=4))], history(IBM.population(size, seed=4)))


def test_same_seed_same_devices_other_seed_others():
    first, again = (history(IBM.population(50, seed=2**64 - 1)) for _ in range(2))
    assert same(first, again)
    for other in (0, 2**32 - 1, 2**63):
        assert not any(np.array_equal(a, b) for a, b in zip(first, history(IBM.population(50, seed=other))))


def test_programming_again_draws_again():
    devices = IBM.population(1000, seed=1)
    first = devices.program(5e-6).error
    second = devices.program(5e-6).error
    assert not (first == second).any()
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(1000)


def test_copies_go_the_same_way_and_do_not_touch_each_other():
    devices = IBM.population(500, seed=3)
    devices.program(8e-6)
    devices.wait(100.0)
    devices.read()
    twin = devices.copy()
    kept = state(devices)
    future = [twin.read(), twin.program(3e-6, where=np.arange(500) % 2 == 0).error, twin.read()]
    twin.wait(50.0)
    future.append(twin.read())
    assert same(kept, state(devices))
    assert twin.time > devices.time
    again = [devices.read(), devices.program(3e-6, where=np.arange(500) % 2 == 0).error, devices.read()]
    devices.wait(50.0)
    again.append(devices.read())
    assert same(future, again)
    assert same(state(twin), state(devices))
    assert np.array_equal(twin.age, devices.age)


# ---- moments of a million devices


def rectified(mean, std):
    """Mean and standard deviation of max(x, 0) of a normal x."""
    if std == 0.0:
        return max(mean, 0.0), 0.0
    a = mean / std
    first = mean * norm.cdf(a) + std * norm.pdf(a)
    second = (mean**2 + std**2) * norm.cdf(a) + mean * std * norm.pdf(a)
    return first, math.sqrt(second - first**2)


def folded(mean, std):
    """Mean and standard deviation of |x| of a normal x."""
    first = std * math.sqrt(2 / math.pi) * math.exp(-((mean / std) ** 2) / 2) + mean * (1 - 2 * norm.cdf(-mean / std))
    return first, math.sqrt(mean**2 + std**2 - first**2)


def rectified_noise(spread, age, duration):
    """Mean and standard deviation of max(1 + x, 0) where x has the spread of the formula and the shape of the traps.

    A reading below zero is a reading of zero, and a sum over few traps has lighter tails than a normal number.
    """
    x = np.linspace(-40, 40, 16001)
    weight = np.where(x == 0.0, 1.0, 0.0)
    for k in range(TRAPS):
        refreshed = -math.expm1(-trap_rate(k) * (age - duration))
        a = trap_amplitude(k, duration)
        up, down = np.interp(x - a, x, weight), np.interp(x + a, x, weight)
        weight = (1 - refreshed) * weight + refreshed * (up + down) / 2
    assert weight.sum() == pytest.approx(1.0, abs=1e-9)
    reading = np.maximum(1.0 + spread * x / math.sqrt((weight * x**2).sum()), 0.0)
    first = (weight * reading).sum()
    return first, math.sqrt((weight * reading**2).sum() - first**2)


def agree(sample, expected, bound=0.005):
    mean, std = expected
    return abs(sample.mean() / mean - 1) < bound and abs(sample.std() / std - 1) < bound


@pytest.mark.parametrize("g", [0.0, 0.02, 0.0945, 0.1591, 0.5, 1.0])
def test_moments_of_a_million(technology, g):
    cell = pcm.load_cell(technology.name)
    devices = cell.population(MILLION, seed=12)
    target = g * technology.maximum
    report = devices.program(target * 1e-6)
    conductance = devices.conductance() * 1e6
    assert np.array_equal(report.error, devices.conductance() - target * 1e-6)
    assert report.converged.all()
    assert (report.iterations == 1).all()
    assert report.clipped == 0

    spread = technology.programming_error(g)
    assert agree(conductance, rectified(target, spread))
    assert not agree(conductance, rectified(target, 1.02 * spread))

    nu = devices.drift_exponent
    mean, spread = technology.drift_mean(g), technology.drift_spread(g)
    assert agree(nu, folded(mean, spread))
    assert not agree(nu, folded(mean, 1.02 * spread))
    assert not agree(nu, folded(1.01 * mean, spread))

    # the two draws of a device, and those of neighbours, have nothing to do with each other
    alive = conductance > 0
    assert abs(np.corrcoef(conductance[alive], nu[alive])[0, 1]) < 4 / math.sqrt(alive.sum())
    assert abs(np.corrcoef(conductance[1:], conductance[:-1])[0, 1]) < 4 / math.sqrt(MILLION)
    assert abs(np.corrcoef(nu[1:], nu[:-1])[0, 1]) < 4 / math.sqrt(MILLION)

    for age in (1e-3, 1000.0):
        devices.wait(age - devices.time)
        clean = devices.conductance()
        drift = max(age / technology.reference_time, 1.0) ** -nu
        assert np.allclose(clean * 1e6, conductance * drift, rtol=1e-12, atol=0)
        noisy = devices.read()[alive] / clean[alive]
        duration = technology.read_duration
        spread = technology.read_noise(g) * math.sqrt(math.log((age + duration) / (2 * duration)))
        assert agree(noisy, rectified_noise(spread, age, duration))
        assert not agree(noisy, rectified_noise(1.02 * spread, age, duration))


def test_devices_of_different_targets_each_follow_their_own(technology):
    cell = pcm.load_cell(technology.name)
    levels = np.array([0.05, 0.3, 0.9])
    devices = cell.population((3, 300_000), seed=14)
    devices.program(np.repeat(levels[:, None], 300_000, axis=1) * cell.conductance_maximum)
    for row, g in enumerate(levels):
        expected = rectified(g * technology.maximum, technology.programming_error(g))
        assert agree(devices.conductance()[row] * 1e6, expected, bound=0.008)


# ---- time


def test_reads_advance_the_clock_by_their_duration():
    devices = IBM.population(4)
    assert devices.time == 0.0
    devices.program(1e-6)
    devices.read()
    assert devices.time == 250e-9
    devices.read(duration=1e-3)
    assert devices.time == 250e-9 + 1e-3
    devices.wait(5.0)
    devices.conductance()
    devices.current(0.1)
    assert devices.time == 250e-9 + 1e-3 + 5.0
    assert devices.age == pytest.approx(devices.time)


def test_no_drift_below_the_reference_time_and_the_power_law_after_it(technology):
    cell = pcm.load_cell(technology.name)
    devices = cell.population(1000, seed=1)
    devices.program(0.6 * cell.conductance_maximum)
    start = devices.conductance()
    devices.wait(0.99 * cell.reference_time)
    assert np.array_equal(devices.conductance(), start)
    devices.wait(1e4 * cell.reference_time - devices.time)
    assert devices.conductance() == pytest.approx(start * 1e4**-devices.drift_exponent, rel=1e-12)


def test_a_read_at_the_start_has_no_noise():
    devices = IBM.population(1000, seed=1)
    devices.program(5e-6)
    assert np.array_equal(devices.read(), devices.conductance())


def test_two_reads_of_the_same_moment_are_nearly_the_same():
    devices = IBM.population(20_000, seed=1)
    devices.program(12e-6)
    devices.wait(1e5)
    first, second = devices.read(), devices.read()
    # between them only fast traps are refreshed: 2 ln((d + 2d) / 2d), and not ln(t / 2d) twice
    change = (second - first) / devices.conductance() / devices._noise
    assert change.var() == pytest.approx(2 * math.log(3 / 2), rel=0.05)


@pytest.mark.parametrize("steps", [1, 2, 10, 300])
def test_variance_at_an_age_does_not_depend_on_the_steps(steps):
    devices = IBM.population(100_000, seed=8)
    devices.program(12e-6)
    for age in np.geomspace(1e-3, 1e4, steps + 1)[1:]:
        devices.wait(age - devices.time)
        clean = devices.conductance()
        noise = (devices.read() / clean - 1) / devices._noise
    # one standard error of the variance of 100 000 devices is 0.45 %
    assert noise.var() == pytest.approx(math.log((1e4 + 250e-9) / 500e-9), rel=0.02)
    assert abs(noise.mean()) < 4 * noise.std() / math.sqrt(noise.size)


def test_the_noise_of_old_devices_has_both_signs(technology):
    """After 10^15 s every trap was refreshed: each adds or takes its amplitude with equal chance, from all four bytes.

    n = 20 000. A twin that forgets the slowest eight where they take is off by 0.7 standard deviations.
    """
    cell = IBM if technology.name == IBM.name else pcm.load_cell(technology.name)
    devices = cell.population(20_000, seed=8)
    devices.program(0.6 * cell.conductance_maximum)
    devices.wait(1e15)
    before = devices.conductance()
    noise = devices.read() / before - 1.0
    amplitude = float(cell.moments(0.6 * cell.conductance_maximum)["read_noise"])
    p = cell.parameters
    spread = amplitude * math.sqrt(
        sum(flicker.amplitudes(flicker.rates(p.trap_fastest, p.trap_slowest), p.read_duration) ** 2)
    )
    assert abs(noise.mean()) < 5.0 * spread / math.sqrt(noise.size)
    assert noise.std() == pytest.approx(spread, rel=5.0 / math.sqrt(2.0 * noise.size))


def test_drift_exponent_is_kept_until_programmed_again():
    devices = IBM.population(1000, seed=6)
    assert (devices.drift_exponent == 0.0).all()
    devices.program(5e-6)
    nu = devices.drift_exponent
    devices.wait(1e4)
    devices.read()
    assert np.array_equal(devices.drift_exponent, nu)
    devices.drift_exponent[:] = 7.0  # a copy: the devices do not notice
    assert np.array_equal(devices.drift_exponent, nu)
    devices.program(5e-6)
    assert not (devices.drift_exponent == nu).any()


def test_programming_some_leaves_the_others_alone():
    count = 400_000
    devices = IBM.population(count, seed=7)
    devices.program(20e-6)
    devices.wait(1e3)
    devices.read()
    chosen = np.arange(count) % 4 == 1
    before = state(devices)
    others_conductance = devices.conductance()[~chosen]
    report = devices.program(5e-6, where=chosen)
    after = state(devices)
    for name, old, new in zip(STATE, before, after):
        if name not in ("_traps", "_awake"):  # the traps of all go on to this moment
            assert old[~chosen].tobytes() == new[~chosen].tobytes(), name
    assert np.array_equal(devices.conductance()[~chosen], others_conductance)
    assert np.array_equal(np.isnan(report.error), ~chosen)
    assert agree(devices.conductance()[chosen] * 1e6, rectified(5.0, Ibm90.programming_error(0.2)), bound=0.01)
    assert agree(devices.drift_exponent[chosen], folded(Ibm90.drift_mean(0.2), Ibm90.drift_spread(0.2)), bound=0.01)
    assert set(np.unique(devices.age[chosen])) == {0.0}
    assert set(np.unique(devices.age[~chosen])) == {devices.time}
    # afterwards each group has the noise of its own age
    devices.wait(10.0)
    clean = devices.conductance()
    noise = (devices.read() / clean - 1) / devices._noise
    for group, age in ((chosen, 10.0), (~chosen, 1010.0)):
        assert noise[group].var() == pytest.approx(math.log((age + 250e-9) / 500e-9), rel=0.02)


def test_programming_none_and_all_through_where():
    devices = IBM.population(50, seed=7)
    report = devices.program(5e-6, where=np.zeros(50, dtype=bool))
    assert np.isnan(report.error).all()
    report = devices.program(5e-6, where=np.ones(50, dtype=bool))
    assert not np.isnan(report.error).any()
    assert (devices.conductance() > 0).all()


def test_current_is_ohmic_and_noise_free():
    devices = IBM.population((3, 4), seed=1)
    devices.program(5e-6)
    devices.wait(100.0)
    kept = state(devices)
    voltage = np.linspace(-0.5, 0.5, 12).reshape(3, 4)
    current, slope = devices.current(voltage)
    assert np.array_equal(slope, devices.conductance())
    assert np.array_equal(current, slope * voltage)
    assert same(kept, state(devices))
    assert devices.current(0.0)[0].shape == (3, 4)


# ---- what is refused


def programmed():
    devices = IBM.population((2, 3), seed=1)
    devices.program(5e-6)
    return devices


BAD = [
    ("targets", lambda d: d.program(math.nan)),
    ("targets", lambda d: d.program(np.full((2, 3), math.inf))),
    ("targets", lambda d: d.program(-1e-9)),
    ("targets", lambda d: d.program("5e-6")),
    ("targets", lambda d: d.program(None)),
    ("targets", lambda d: d.program(True)),
    ("targets", lambda d: d.program(1j)),
    ("targets", lambda d: d.program(np.ones((3, 2)) * 1e-6)),
    ("targets", lambda d: d.program(np.ones(6) * 1e-6)),
    ("targets", lambda d: d.program(np.ones(3) * 1e-6)),
    ("targets", lambda d: d.program([])),
    ("where", lambda d: d.program(5e-6, where=np.ones((2, 3)))),
    ("where", lambda d: d.program(5e-6, where=np.ones(6, dtype=bool))),
    ("where", lambda d: d.program(5e-6, where=True)),
    ("duration", lambda d: d.wait(-1.0)),
    ("duration", lambda d: d.wait(math.nan)),
    ("duration", lambda d: d.wait(math.inf)),
    ("duration", lambda d: d.wait("1")),
    ("duration", lambda d: d.wait(np.ones(2))),
    ("temperature", lambda d: d.wait(1.0, temperature=0.0)),
    ("temperature", lambda d: d.wait(1.0, temperature=math.nan)),
    ("temperature", lambda d: d.wait(1.0, temperature="hot")),
    ("duration", lambda d: d.read(duration=0.0)),
    ("duration", lambda d: d.read(duration=-1e-9)),
    ("duration", lambda d: d.read(duration=math.nan)),
    ("voltage", lambda d: d.read(voltage=math.nan)),
    ("voltage", lambda d: d.read(voltage="0.2")),
    ("voltage", lambda d: d.current(math.nan)),
    ("voltage", lambda d: d.current(np.ones((2, 2)))),
    ("voltage", lambda d: d.current(np.ones((2, 3)) * math.inf)),
    ("shape", lambda d: d.cell.population(-1)),
    ("shape", lambda d: d.cell.population((2, -1))),
    ("shape", lambda d: d.cell.population(2.0)),
    ("shape", lambda d: d.cell.population((2, 2.5))),
    ("shape", lambda d: d.cell.population("3")),
    ("shape", lambda d: d.cell.population(None)),
    ("seed", lambda d: d.cell.population(3, seed=-1)),
    ("seed", lambda d: d.cell.population(3, seed=2**64)),
    ("seed", lambda d: d.cell.population(3, seed=1.0)),
    ("seed", lambda d: d.cell.population(3, seed=None)),
    ("first_cell", lambda d: d.cell.population(3, first_cell=-1)),
    ("first_cell", lambda d: d.cell.population(3, first_cell=2**64 - 3)),
]


@pytest.mark.parametrize(("argument", "call"), BAD, ids=[f"{n}-{k}" for k, (n, _) in enumerate(BAD)])
def test_bad_input_is_named_and_changes_nothing(argument, call):
    devices = programmed()
    untouched = devices.copy()
    with pytest.raises(ParameterError, match=rf"^{argument}\b"):
        call(devices)
    assert devices.time == untouched.time
    assert same(state(devices), state(untouched))
    devices.wait(10.0)
    untouched.wait(10.0)
    assert same([devices.read()], [untouched.read()])  # not even an event was spent


@pytest.mark.parametrize(
    "call", [lambda d: d.read(), lambda d: d.conductance(), lambda d: d.current(0.2)], ids=["read", "state", "current"]
)
def test_nothing_to_read_before_programming(call):
    with pytest.raises(ParameterError, match=r"call program\(targets\) first"):
        call(IBM.population(3))
    assert np.size(call(IBM.population(0))) == 0  # nothing to read at all


def test_targets_above_the_range_are_clipped_counted_and_told():
    top = IBM.conductance_maximum
    targets = np.array([0.5, 1.0, 1.0 + 1e-9, 2.0]) * top
    kept = targets.copy()
    devices = IBM.population(4, seed=1)
    with pytest.warns(ValidityWarning, match=r"targets: 2 of 4 lie above the range \[0, 2.5e-05\] S") as record:
        report = devices.program(targets)
    assert record[0].filename == __file__  # the warning points at the caller's line
    assert report.clipped == 2
    assert np.array_equal(targets, kept)
    # programmed to the top, and the error counts from there
    exact = IBM.population(4, seed=1)
    assert same([exact.program(np.minimum(targets, top)).error], [report.error])
    assert same(state(exact), state(devices))


def test_a_wait_at_another_temperature_warns_and_changes_nothing():
    one, other = programmed(), programmed()
    with pytest.warns(ValidityWarning, match="temperature 350 K.*measured at 300 K") as record:
        one.wait(3600.0, temperature=350.0)
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other.wait(3600.0, temperature=303.0)
    assert same([one.read()], [other.read()])


def test_a_read_faster_than_the_traps_warns():
    devices = programmed()
    with pytest.warns(ValidityWarning, match=r"duration 1e-09 s is shorter than twice the fastest trap") as record:
        devices.read(duration=1e-9)
    assert record[0].filename == __file__


def test_callers_arrays_are_not_modified_and_not_kept():
    targets = np.linspace(1e-6, 2e-5, 6).reshape(2, 3)
    where = np.array([[True, False, True], [False, True, False]])
    voltage = np.full((2, 3), 0.2)
    kept = [targets.copy(), where.copy(), voltage.copy()]
    for array in (targets, where, voltage):
        array.flags.writeable = False
    devices = IBM.population((2, 3), seed=1)
    devices.program(targets)
    devices.program(targets, where=where)
    devices.wait(100.0)
    devices.current(voltage)
    devices.read()
    assert same([targets, where, voltage], kept)
    # what comes out does not reach into the devices
    before = devices.conductance()
    devices.conductance()[:] = 0.0
    devices.age[:] = 0.0
    assert np.array_equal(devices.conductance(), before)


def test_targets_of_any_layout_and_kind():
    targets = np.linspace(1e-6, 2e-5, 6).reshape(2, 3)

    def programmed_to(value):
        devices = IBM.population((2, 3), seed=1)
        devices.program(value)
        return devices.conductance()

    expected = programmed_to(targets)
    for value in (np.asfortranarray(targets), targets.tolist(), targets.T.copy().T, targets.astype(">f8")):
        assert np.array_equal(programmed_to(value), expected)
    assert np.array_equal(programmed_to(0), programmed_to(np.zeros((2, 3), dtype=int)))
    assert np.array_equal(programmed_to(5e-6), programmed_to(np.full((2, 3), 5e-6)))


def test_the_last_event_is_used_and_then_refused():
    devices = programmed()
    devices._event = population.LAST_EVENT - 1
    devices.program(5e-6)
    assert devices._event == 2**32 - 1
    devices.wait(1.0)
    with pytest.raises(ParameterError, match="event"):
        devices.read()


def test_repr_and_constants():
    assert repr(IBM) == "StatisticalCell('ibm-90nm-statistical')"
    devices = IBM.population((2, 3))
    devices.wait(1.5)
    assert repr(devices) == "StatisticalPopulation('ibm-90nm-statistical', shape=(2, 3), time=1.5 s)"
    assert IBM.read_voltage == 0.2
    assert devices.size == 6


@pytest.mark.slow
@pytest.mark.parametrize("age", [1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4, 1e6, 1e8])
def test_read_noise_of_four_million(technology, age):
    """The same as above within half a percent of the sum over traps, and two of the published formula."""
    cell = pcm.load_cell(technology.name)
    devices = cell.population(4 * MILLION, seed=40)
    devices.program(0.7 * cell.conductance_maximum)
    devices.wait(age)
    clean = devices.conductance()
    noise = (devices.read() / clean - 1) / devices._noise
    d = cell.parameters.read_duration
    rates = flicker.rates(cell.parameters.trap_fastest, cell.parameters.trap_slowest)
    traps = (flicker.amplitudes(rates, d) ** 2 * -np.expm1(-rates * (age - d))).sum()
    assert noise.var() == pytest.approx(traps, rel=0.004)
    assert noise.var() == pytest.approx(math.log((age + d) / (2 * d)), rel=0.02)


def test_devices_left_alone_may_have_any_target_and_are_not_counted():
    cell = pcm.load_cell("ibm-90nm-statistical")
    devices = cell.population(4, seed=2)
    devices.program(1e-6)
    chosen = np.array([True, False, True, False])
    with pytest.warns(ValidityWarning, match="1 of 4"):
        report = devices.program(np.array([1e-3, np.nan, 2e-6, 1.0]), where=chosen)
    assert report.clipped == 1
    assert report.iterations.tolist() == [1, 0, 1, 0]


def test_a_read_names_the_devices_that_were_never_programmed():
    devices = pcm.load_cell("ibm-90nm-statistical").population(4, seed=2)
    devices.program(1e-6, where=np.array([True, False, False, True]))
    twin = devices.copy()
    with pytest.raises(ParameterError, match="2 of 4 devices"):
        devices.read()
    devices.program(1e-6, where=np.array([False, True, True, False]))
    assert (devices.read() >= 0.0).all()
    with pytest.raises(ParameterError, match="2 of 4 devices"):
        twin.read()


def test_old_programming_events_are_forgotten_without_changing_a_read(monkeypatch):
    cell = pcm.load_cell("ibm-90nm-statistical")
    reads = []
    for most in (4096, 4):
        monkeypatch.setattr("pcmphys.cells.statistical.devices._FEW_EVENTS", most)
        devices = cell.population(3, seed=4)
        devices.program(5e-6)
        for k in range(12):
            devices.wait(100.0)
            devices.program(5e-6, where=np.arange(3) == k % 2)
        reads.append(devices.read())
        assert len(devices._programmed_at) <= max(4, 13)
    assert np.array_equal(*reads)
    assert len(devices._programmed_at) <= 1 + 2 * 3  # up to twice as many as are in use

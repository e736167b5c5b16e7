"""The traps against the published variance, the 1/f structure function and exact chances of a refresh."""

import math

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

import pcmphys as pcm
from pcmphys.numerics.random import U64, Draw, Stream, words
from pcmphys.physics import flicker
from tests.oracles.statistical_cell import (
    TECHNOLOGIES,
    TRAP_REFRESH,
    TRAPS,
    refresh_threshold,
    trap_amplitude,
    trap_numbers,
    trap_rate,
)

DEVICES = 200_000
AGES = np.geomspace(1e-6, 1e8, 15)


@pytest.fixture(scope="module", params=TECHNOLOGIES, ids=lambda t: t.name)
def cell(request):
    return pcm.load_cell(request.param.name)


def published_variance(age, duration):
    """ln((t + d) / 2d), typed from the formula."""
    return math.log((age + duration) / (2 * duration))


def traps_of(cell):
    rates = flicker.rates(cell.parameters.trap_fastest, cell.parameters.trap_slowest)
    return rates, flicker.amplitudes(rates, cell.parameters.read_duration)


def sum_over_traps(cell, interval):
    """Variance after ``interval``: amplitude^2 times the chance of a refresh, trap by trap."""
    return sum(a**2 * -math.expm1(-r * interval) for r, a in zip(*traps_of(cell)))


def test_rates_and_amplitudes_are_those_of_the_twin(cell):
    rates, amplitudes = traps_of(cell)
    assert rates.shape == amplitudes.shape == (TRAPS,)
    assert rates == pytest.approx([trap_rate(k) for k in range(TRAPS)], rel=1e-12)
    duration = cell.parameters.read_duration
    assert amplitudes == pytest.approx([trap_amplitude(k, duration) for k in range(TRAPS)], rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("age", AGES)
def test_variance_of_the_traps_is_the_published_one(cell, age):
    duration = cell.parameters.read_duration
    expected = published_variance(age, duration)
    if expected <= 0.0:
        assert age < duration
        return
    total = sum_over_traps(cell, age - duration)
    assert total == pytest.approx(expected, rel=0.02)
    if age > 4e-6:
        assert total == pytest.approx(expected, rel=0.002)
    # a trap less would not do
    assert total - sum_over_traps(cell, age - duration) / TRAPS != pytest.approx(expected, rel=0.02)


def test_variance_function():
    assert flicker.variance(20.0, 250e-9) == math.log((20.0 + 250e-9) / 500e-9)
    assert flicker.variance(250e-9, 250e-9) == 0.0
    assert flicker.variance(0.0, 250e-9) == 0.0  # before the first read ends


def noise_of(devices):
    """Relative noise of a read in units of Q_s."""
    clean = devices.conductance()
    noise = devices.read() / clean - 1.0
    return noise / devices._noise


def programmed(cell, seed, count=DEVICES):
    devices = cell.population(count, seed=seed)
    # high enough that no reading is cut off at zero, not even at five sigma
    devices.program(0.5 * cell.conductance_maximum)
    assert devices.conductance().min() > 0.0
    return devices


@pytest.mark.many
@pytest.mark.parametrize("age", [1e-6, 1e-5, 1e-3, 1.0, 3600.0, 1e6, 1e8])
def test_sampled_variance_is_the_published_one(cell, age):
    devices = programmed(cell, seed=21)
    devices.wait(age)
    noise = noise_of(devices)
    expected = published_variance(age, cell.parameters.read_duration)
    # one standard error of a variance from 200 000 devices is 0.3 %
    assert noise.var() == pytest.approx(expected, rel=0.02)
    assert abs(noise.mean()) < 4 * math.sqrt(expected / DEVICES)
    assert (1.02 * noise).var() != pytest.approx(expected, rel=0.02)


@pytest.mark.many
@pytest.mark.parametrize(("first", "second"), [(1e-3, 1.1e-3), (1.0, 1.001), (20.0, 40.0), (20.0, 1e3), (1e6, 1e6 + 1)])
def test_structure_function_between_two_reads(cell, first, second):
    duration = cell.parameters.read_duration
    devices, others = programmed(cell, seed=31), programmed(cell, seed=32)
    devices.wait(first)
    others.wait(first)
    before = noise_of(devices)
    devices.wait(second - devices.time)
    others.wait(second - others.time)
    after, independent = noise_of(devices), noise_of(others)

    def structure(a, b):
        change = (a - b) ** 2
        return change.mean(), change.std() / math.sqrt(change.size)

    # V(s) + V(t) - 2 cov with cov = V(t) - V(t - s + d)
    step = published_variance(second - first + duration, duration)
    expected = published_variance(first, duration) - published_variance(second, duration) + 2 * step
    value, error = structure(after, before)
    assert abs(value - expected) < 4 * error + 0.005 * expected
    # fresh draws at each read have the right variance at each time and the wrong change between them
    value, error = structure(independent, before)
    fresh = published_variance(first, duration) + published_variance(second, duration)
    assert abs(value - fresh) < 4 * error + 0.01 * fresh
    if second < 10 * first:  # reads further apart have forgotten each other in the published noise, too
        assert abs(value - expected) > 8 * error


@given(rate=st.floats(-12, 9).map(lambda x: 10**x), elapsed=st.floats(-9, 12).map(lambda x: 10**x))
@settings(max_examples=200)
@example(rate=1e-11, elapsed=1e-9)
@example(rate=2e8, elapsed=1e9)
@example(rate=1.0, elapsed=math.log(2.0))
def test_refresh_digits_are_the_exact_chance(rate, elapsed):
    digits, later = flicker.refresh_digits(np.full(TRAPS, rate), elapsed)
    assert all(int(d) in (0, flicker.ALL) for d in digits)
    as_number = sum(int(digits[j]) % 2 << (63 - j) for j in range(64))
    inverted = bool(digits[64])
    with mpmath.workdps(50):
        none = mpmath.exp(-mpmath.mpf(rate) * mpmath.mpf(elapsed))
        exact = (none if inverted else 1 - none) * mpmath.mpf(2) ** 64
    # rounding of r dt moves exp(-r dt) by r dt units in the last place; then the digits are cut at the 64th
    assert abs(as_number - exact) <= 1 + exact * (2 + rate * elapsed) * 2.0**-52
    assert as_number <= 2**63  # the smaller of the two chances
    # 'later': is there a digit 1 after j?
    for j in range(64):
        assert int(later[j]) == (flicker.ALL if as_number % 2 ** (63 - j) else 0)


def test_refresh_digits_keep_traps_apart():
    rates = np.array([trap_rate(k) for k in range(TRAPS)])
    digits, _ = flicker.refresh_digits(rates, 3e-3)
    for k, rate in enumerate(rates):
        number = sum((int(digits[j]) >> k & 1) << (63 - j) for j in range(64))
        threshold, inverted = refresh_threshold(rate, 3e-3)
        assert number == pytest.approx(threshold, rel=1e-13, abs=1)
        assert (int(digits[64]) >> k & 1) == inverted
    # for ever: surely refreshed; no time: surely not; neither asks for a random digit
    for elapsed, inverted in ((1e30, flicker.ALL), (0.0, 0)):
        digits, later = flicker.refresh_digits(rates, elapsed)
        assert digits.tolist() == [0] * 64 + [inverted]
        assert not later.any()


def masks(thresholds):
    """The digit rows of `refresh_digits`, from whole thresholds in units of 2**-64."""
    rows = np.zeros((2, 65), dtype=np.uint64)
    for j in range(64):
        rows[0, j] = sum((p >> (63 - j) & 1) << k for k, p in enumerate(thresholds))
        rows[1, j] = sum((p % 2 ** (63 - j) != 0) << k for k, p in enumerate(thresholds))
    return rows


def test_masks_of_the_test_are_those_of_the_model():
    rates = np.array([trap_rate(k) for k in range(TRAPS)])
    thresholds = [int(math.ldexp(min(math.exp(-r * 0.1), -math.expm1(-r * 0.1)), 64)) for r in rates]
    difference = masks(thresholds)[:, :64] ^ flicker.refresh_digits(rates, 0.1)[:, :64]
    assert not difference[:, :50].any()  # the two exponentials may differ in their last place


@numba.njit
def decided(hit, open_, draw, digits, later):
    """The hits after all further digits."""
    for block in range(flicker.FIRST_MORE, flicker.LAST_MORE):
        hit, open_ = flicker.refresh_more(hit, open_, draw, TRAP_REFRESH, block, digits, later)
    return hit


def hits(seed, cell_number, event, rows):
    address = (np.uint64(seed), np.uint64(cell_number), np.uint64(event), TRAP_REFRESH)
    hit, open_, fresh = flicker.refresh_upfront(words(*address, 0), words(*address, 1), *rows)
    early = open_ == 0
    if not early:
        hit = decided(np.uint64(hit), np.uint64(open_), Draw(*address[:3]), *rows)
    return int(hit), int(fresh), early


@given(
    seed=st.integers(0, 2**64 - 1),
    cell_number=st.integers(0, 2**64 - 1),
    event=st.integers(0, 2**32 - 1),
    shared=st.lists(st.integers(0, 64), min_size=TRAPS, max_size=TRAPS),
    offset=st.lists(st.sampled_from([-1, 0, 1]), min_size=TRAPS, max_size=TRAPS),
)
def test_hits_compare_a_64_digit_number(seed, cell_number, event, shared, offset):
    """Thresholds that agree with the trap's own random number in the first ``shared`` digits: long undecided."""
    numbers, fresh = trap_numbers(seed, cell_number, event)
    thresholds = []
    for number, same, step in zip(numbers, shared, offset):
        kept = number >> (64 - same) << (64 - same)
        thresholds.append(min(max(kept + step, 0), 2**64 - 1))
    expected = sum((number < p) << k for k, (number, p) in enumerate(zip(numbers, thresholds)))
    assert hits(seed, cell_number, event, masks(thresholds))[:2] == (expected, fresh)


@pytest.mark.parametrize(("step", "hit_traps"), [(-1, 0), (0, 0), (1, flicker.ALL)])
def test_the_last_of_64_digits_decides(step, hit_traps):
    for event in range(1, 60):
        numbers, _ = trap_numbers(5, 6, event)
        hit, _, early = hits(5, 6, event, masks([number + step for number in numbers]))
        assert not early
        assert hit == hit_traps


def test_an_even_chance_is_decided_by_the_first_digit():
    for event in range(1, 60):
        hit, _, early = hits(5, 6, event, masks([2**63] * TRAPS))
        assert early
        assert hit == sum((number < 2**63) << k for k, number in enumerate(trap_numbers(5, 6, event)[0]))
        hit, _, early = hits(5, 6, event, masks([0] * TRAPS))
        assert early
        assert hit == 0


@numba.njit
def count_refreshes(devices, seed, event, digits, later):
    """For each trap: refreshed, refreshed together with the next trap, refreshed and up; for all: up."""
    counts = np.zeros((4, 32), dtype=np.int64)
    for i in range(devices):
        low, high = words(seed, U64(i), event, 2, 0), words(seed, U64(i), event, 2, 1)
        hit, open_, fresh = flicker.refresh_upfront(low, high, digits, later)
        if open_ != 0:
            hit = decided(hit, open_, Draw(U64(seed), U64(i), U64(event)), digits, later)
        hit ^= digits[64]
        for k in range(32):
            counts[0, k] += (hit >> U64(k)) & U64(1)
            counts[1, k] += ((hit >> U64(k)) & (hit >> U64((k + 1) % 32))) & U64(1)
            counts[2, k] += ((hit & fresh) >> U64(k)) & U64(1)
            counts[3, k] += (fresh >> U64(k)) & U64(1)
    return counts


def chi_square(counts, total, p):
    """Sum over traps whose count can vary, and the number of them; the others must be at their certain value."""
    p = np.broadcast_to(np.asarray(p, dtype=float), counts.shape)
    sure = total * np.minimum(p, 1 - p) < 10
    rest = np.where(p < 0.5, counts, total - counts)[sure]
    assert rest.sum() <= stats.poisson.isf(1e-4, max(total * np.minimum(p, 1 - p)[sure].sum(), 1e-300))
    deviation = (counts - total * p) ** 2 / np.where(sure, 1.0, total * p * (1 - p))
    return deviation[~sure].sum(), max((~sure).sum(), 1)


@pytest.mark.many
@pytest.mark.parametrize("elapsed", [1e-7, 1e-3, 20.0, 1e7])
def test_refreshes_of_each_trap_are_as_frequent_as_they_should(elapsed):
    assert Stream.TRAP_REFRESH == 2
    rates = np.array([trap_rate(k) for k in range(TRAPS)])
    p = -np.expm1(-rates * elapsed)
    refreshed, both, up, fresh = count_refreshes(
        DEVICES, np.uint64(77), np.uint64(4), *flicker.refresh_digits(rates, elapsed)
    )
    # neighbouring traps are refreshed independently; the fresh state is even, whether used or not
    for counts, chance in ((refreshed, p), (both, p * np.roll(p, -1)), (up, p / 2), (fresh, 0.5)):
        value, freedom = chi_square(counts, DEVICES, chance)
        assert value < 2 * stats.chi2.isf(1e-4, freedom)
    value, freedom = chi_square(refreshed, DEVICES, p)
    assert value < stats.chi2.isf(1e-4, freedom)
    # rates off by 5 % are caught
    q = -np.expm1(-1.05 * rates * elapsed)
    varying = DEVICES * np.minimum(q, 1 - q) > 10
    deviation = ((refreshed - DEVICES * q) ** 2 / (DEVICES * q * (1 - q) + 1e-300))[varying].sum()
    assert deviation > stats.chi2.isf(1e-4, varying.sum())


@given(st.integers(0, 2**32 - 1))
def test_byte_table_sums_the_set_bits(word):
    amplitude = np.random.default_rng(4).uniform(0, 2, TRAPS)
    table = flicker.byte_table(amplitude)
    assert table.shape == (1024,)
    total = sum(table[256 * b + (word >> 8 * b & 255)] for b in range(4))
    assert total == pytest.approx(math.fsum(a for k, a in enumerate(amplitude) if word >> k & 1), rel=1e-13, abs=1e-13)


@pytest.mark.many
def test_a_longer_read_averages_the_fast_traps_away(cell):
    rates, amplitudes = traps_of(cell)
    long = flicker.amplitudes(rates, 1e-3)
    assert (long <= amplitudes).all()
    assert long[0] < 1e-300 < amplitudes[10]
    assert long[-1] == pytest.approx(amplitudes[-1], rel=1e-10)
    # its variance is the published law with its own duration
    total = sum(a**2 * -math.expm1(-r * (20.0 - 1e-3)) for r, a in zip(rates, long))
    assert total == pytest.approx(published_variance(20.0, 1e-3), rel=0.005)

"""Philox against its published answers and a plain-integer twin; uniform, normal, Poisson deviates against theory."""

import math

import numba
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from pcmphys.numerics.random import (
    U64,
    Stream,
    draw_of,
    normal_pair,
    philox,
    poisson,
    uniform,
    words,
    words_abreast,
    words_of,
)
from tests.oracles import philox as twin

WORD = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2**31, 2**32 - 1]))
LONG = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 2**32 - 1, 2**32, 2**64 - 1]))
FULL = 2**32 - 1

# Random123 1.14, tests/kat_vectors, "philox4x32 10": counter, key, answer
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((FULL,) * 4, (FULL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN, ids=["zeros", "ones", "pi"])
def test_known_answers(counter, key, answer):
    assert philox(*counter, *key) == answer
    assert twin.philox(counter, key) == answer


@given(counter=st.tuples(WORD, WORD, WORD, WORD), key=st.tuples(WORD, WORD))
def test_philox_is_its_twin(counter, key):
    assert philox(*map(np.uint64, counter), *map(np.uint64, key)) == twin.philox(counter, key)


@given(seed=LONG, cell=LONG, event=WORD, stream=st.integers(0, 2**8 - 1), block=st.integers(0, 2**24 - 1))
@example(seed=2**64 - 1, cell=2**64 - 1, event=2**32 - 1, stream=2**8 - 1, block=2**24 - 1)
def test_words_layout(seed, cell, event, stream, block):
    arguments = (np.uint64(seed), np.uint64(cell), np.uint64(event), stream, block)
    assert words(*arguments) == twin.words(seed, cell, event, stream, block)


def test_blocks_beyond_16_bits_are_draws_of_their_own():
    """They once ran into the number of the stream: block 65536 of one was block 0 of the next."""
    blocks = [0, 1, 2**16 - 1, 2**16, 2**16 + 1, 2**17, 2**24 - 1]
    drawn = {words(1, 2, 3, stream, block) for stream in (7, 8, 9) for block in blocks}
    assert len(drawn) == 3 * len(blocks)


def test_every_address_part_matters():
    base = (7, 8, 9, 3, 5)
    drawn = {words(*base)}
    for place in range(5):
        changed = list(base)
        changed[place] += 1
        drawn.add(words(*changed))
    drawn |= {words(7 + 2**32, 8, 9, 3, 5), words(7, 8 + 2**32, 9, 3, 5)}
    assert len(drawn) == 8


@given(high=WORD, low=WORD)
@settings(max_examples=300)
def test_uniform_is_its_twin_and_open(high, low):
    u = uniform(np.uint64(high), np.uint64(low))
    assert u == twin.uniform(high, low)
    assert 0.0 < u < 1.0


def test_uniform_at_the_extreme_words():
    assert uniform(0, 0) == 2.0**-54
    assert uniform(FULL, FULL) == 1.0 - 2.0**-53
    assert uniform(FULL, FULL - 2**11) < 1.0
    # the lowest 11 bits are not used, the twelfth is
    assert uniform(0, 2**11 - 1) == uniform(0, 0) < uniform(0, 2**11)


def test_normal_pair_at_the_extreme_words_is_finite():
    for w in np.ndindex(2, 2, 2, 2):
        pair = normal_pair(*(FULL * k for k in w))
        assert all(math.isfinite(z) for z in pair)
    assert max(map(abs, normal_pair(0, 0, 0, 0))) == pytest.approx(math.sqrt(108 * math.log(2)), rel=1e-12)
    assert max(map(abs, normal_pair(0, 0, 0, 0))) < 8.7


@given(w=st.tuples(WORD, WORD, WORD, WORD))
def test_normal_pair_is_box_and_muller(w):
    radius = math.sqrt(-2.0 * math.log(twin.uniform(w[0], w[1])))
    angle = 2.0 * math.pi * twin.uniform(w[2], w[3])
    cosine, sine = normal_pair(*map(np.uint64, w))
    assert cosine == pytest.approx(radius * math.cos(angle), rel=1e-14, abs=4e-15)
    assert sine == pytest.approx(radius * math.sin(angle), rel=1e-14, abs=4e-15)


@numba.njit
def draw_uniform(count, seed):
    out = np.empty(count)
    for i in range(count):
        w0, w1, _, _ = words(seed, i, 1, 9, 0)
        out[i] = uniform(w0, w1)
    return out


@numba.njit
def draw_normal(count, seed):
    out = np.empty((2, count))
    for i in range(count):
        w0, w1, w2, w3 = words(seed, i, 1, 9, 0)
        out[0, i], out[1, i] = normal_pair(w0, w1, w2, w3)
    return out


@numba.njit(error_model="numpy")
def draw_poisson(mean, count, seed):
    out = np.empty(count, dtype=np.int64)
    for i in range(count):
        out[i] = poisson(mean, seed, i, 1, 9)
    return out


def ks_distance_bound(count):
    """Kolmogorov-Smirnov distance that a right sampler exceeds once in 10 000 seeds."""
    return stats.kstwobign.isf(1e-4) / math.sqrt(count)


@pytest.mark.many
def test_uniform_distribution():
    u = draw_uniform(1_000_000, np.uint64(3))
    assert stats.kstest(u, "uniform").statistic < ks_distance_bound(u.size)
    assert stats.kstest(np.minimum(1.004 * u, 1.0), "uniform").statistic > ks_distance_bound(u.size)


@pytest.mark.many
def test_normal_moments_and_distribution():
    count = 1_000_000
    both = draw_normal(count, np.uint64(5))
    # four standard errors of each moment of `count` independent normal numbers
    for z in both:
        assert abs(z.mean()) < 4 / math.sqrt(count)
        assert abs(z.var() - 1) < 4 * math.sqrt(2 / count)
        assert abs((z**3).mean()) < 4 * math.sqrt(15 / count)
        assert abs((z**4).mean() - 3) < 4 * math.sqrt(96 / count)
        assert stats.kstest(z, "norm").statistic < ks_distance_bound(count)
        beyond = 2 * stats.norm.sf(4) * count
        assert abs((abs(z) > 4).sum() - beyond) < 4 * math.sqrt(beyond)
        # a spread off by half a percent is caught
        assert abs((1.005 * z).var() - 1) > 4 * math.sqrt(2 / count)
    bound = 4 / math.sqrt(count)
    assert abs((both[0] * both[1]).mean()) < bound
    assert abs((both[0] ** 2 * both[1] ** 2).mean() - 1) < 4 * math.sqrt(8 / count)
    assert abs((both[0][1:] * both[0][:-1]).mean()) < bound  # neighbouring cells


@pytest.mark.many
@pytest.mark.parametrize("mean", [1e-3, 0.5, 5.0, 29.9, 30.0, 31.0, 100.0, 1e4, 1e8])
def test_poisson_mean_variance_and_chi_square(mean):
    count = 200_000
    k = draw_poisson(mean, count, np.uint64(11))
    assert k.min() >= 0
    assert abs(k.mean() - mean) < 4 * math.sqrt(mean / count)
    assert abs(k.var() - mean) < 4 * math.sqrt((mean + 2 * mean**2) / count)
    # about 40 classes of equal probability; a right sampler exceeds the bound once in 10 000 seeds
    borders = np.unique(stats.poisson.ppf(np.linspace(0, 1, 41)[1:-1], mean))
    expected = np.diff(np.concatenate([[0], stats.poisson.cdf(borders, mean), [1]])) * count
    observed = np.diff(np.concatenate([[0], np.searchsorted(np.sort(k), borders, side="right"), [count]]))
    enough = expected > 5
    chi_square = ((observed - expected)[enough] ** 2 / expected[enough]).sum()
    assert chi_square < stats.chi2.isf(1e-4, max(enough.sum() - 1, 1))
    assert abs(1.02 * k.mean() - mean) > 4 * math.sqrt(mean / count) or mean < 1.0


@pytest.mark.many
def test_poisson_edges():
    assert poisson(0.0, 1, 2, 3, 4) == 0
    assert poisson(math.nan, 1, 2, 3, 4) == -1
    assert poisson(-1e-9, 1, 2, 3, 4) == -1
    assert (draw_poisson(1e-300, 1000, np.uint64(1)) == 0).all()


# Numbers given so far. A new stream is added here with a free number; a number here is never given another
# name, not even when its stream is gone.
GIVEN = {
    1: "PROGRAMMING", 2: "TRAP_REFRESH", 3: "CALIBRATION", 4: "DEVICE", 5: "FRONT", 6: "QUENCH", 7: "NUCLEI",
    8: "TRAP_KIND", 9: "TRAP_STATE", 10: "TRAP_WINDOW", 11: "ANNEAL", 12: "TEXTURE",
    40: "PULSED_BIRTH", 41: "PULSED_STEP", 42: "PULSED_WRITE", 43: "PULSED_READ", 44: "PULSED_RESET",
    45: "TRAIN_ROWS", 46: "TRAIN_COLUMNS", 47: "TRAIN_STEP", 48: "TRAIN_WRITE", 49: "TRAIN_CHOPPER",
}  # fmt: skip


def test_streams_are_unique_and_never_renumbered():
    now = {int(member): name for name, member in Stream.__members__.items()}
    assert len(now) == len(Stream.__members__), "two streams share a number"
    assert all(0 < number < 2**8 for number in now)
    assert {number: name for number, name in now.items() if GIVEN.get(number) != name} == {}, (
        "a number was reused, or a new stream is not in this list yet"
    )


def test_a_draw_is_that_of_its_cell_and_event():
    address = U64(7), U64(2**40), U64(5)
    draw = draw_of(address, 3)
    assert tuple(draw) == (7, 2**40 + 3, 5)
    assert words_of(draw, Stream.FRONT, 9) == words(7, 2**40 + 3, 5, Stream.FRONT, 9)


@given(
    seed=st.integers(0, 2**64 - 1),
    event=st.integers(0, 2**32 - 1),
    draws=st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**24 - 1)), min_size=4, max_size=4),
)
def test_four_draws_abreast_are_four_draws(seed, event, draws):
    seed, event = np.uint64(seed), np.uint64(event)
    draws = [(np.uint64(cell), np.uint64(block)) for cell, block in draws]
    found = words_abreast(seed, event, 9, *draws)
    assert found == tuple(words(seed, cell, event, 9, block) for cell, block in draws)

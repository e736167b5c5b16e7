"""Densities, exponents and amplitudes on regular and irregular times."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.fit import SpectrumFit, spectrum


def noise(exponent, reads, rng):
    """Noise of one-sided density f^-exponent [1/Hz] at one read a second, cut from a record eight times as long."""
    count = 8 * reads
    frequency = np.fft.rfftfreq(count)
    frequency[0] = np.inf if exponent > 0 else 1.0
    parts = rng.normal(size=(2, frequency.size))
    return np.fft.irfft((parts[0] + 1j * parts[1]) * np.sqrt(frequency**-exponent * count / 4), count)[:reads]


def test_white_noise_has_its_density_on_any_times():
    rng = np.random.default_rng(1)
    trace = 5.0 * (1 + 0.01 * rng.normal(size=20_000))
    regular = spectrum(trace, 0.1)
    irregular = spectrum(trace, time=np.cumsum(rng.exponential(0.1, size=20_000)))
    assert (regular.regular, irregular.regular) == (True, False)
    for found in (regular, irregular):
        assert np.average(found.density, weights=found.dof) == pytest.approx(2 * 0.05**2 * 0.1, rel=0.03)
        assert abs(found.exponent) < 4 * found.exponent_error
        low, high = found.band(0.95)
        assert np.mean((low < 5e-4) & (high > 5e-4)) > 0.8
    # the sum of the density over all frequencies is the variance
    width = np.gradient(regular.frequency)
    assert (regular.density * width).sum() == pytest.approx(0.05**2, rel=0.1)


@pytest.mark.parametrize("exponent", [1.0, 1.4])
def test_exponent_and_amplitude_of_a_power_law(exponent):
    rng = np.random.default_rng(3)
    trace = 2.0 * (1 + 1e-3 * noise(exponent, 2**15, rng))
    found = spectrum(trace, 1.0, white="no")
    assert isinstance(found, SpectrumFit)
    assert found.exponent == pytest.approx(exponent, abs=4 * found.exponent_error)
    truth = 1e-3 * found.reference_frequency ** (0.5 * (1 - exponent))
    assert found.noise_amplitude == pytest.approx(truth, abs=4 * found.noise_amplitude_error)
    assert found.exponent_error < 0.05
    # another interval: the same trace, slower
    slow = spectrum(trace, 10.0, white="no")
    assert slow.exponent == pytest.approx(found.exponent, rel=1e-6)
    assert slow.reference_frequency == pytest.approx(0.1 * found.reference_frequency)


def test_irregular_times_give_the_exponent_too():
    rng = np.random.default_rng(5)
    fine = noise(1.0, 2**16, rng)
    places = np.sort(rng.choice(2**16, 2**14, replace=False))
    # time stamps that jitter, as a computer's do
    found = spectrum(1 + 1e-3 * fine[places], time=places * 0.01)
    assert not found.regular
    assert found.exponent == pytest.approx(1.0, abs=0.15)
    assert "irregular times" in found.summary()


def test_a_floor_is_told_from_the_power_law():
    rng = np.random.default_rng(7)
    trace = 1 + 1e-3 * (noise(1.2, 2**15, rng) + np.sqrt(5.0 / 2) * rng.normal(size=2**15))
    found = spectrum(trace, 1.0)
    assert found["white"].value == pytest.approx(5e-6, rel=0.1)
    assert found.exponent == pytest.approx(1.2, abs=4 * found.exponent_error)
    bare = spectrum(trace, 1.0, white="no")
    assert bare.exponent < 1.1
    assert bare.goodness.p < 0.01
    assert "no power law within its errors" in bare.summary()


def test_a_steep_spectrum_does_not_leak_through_a_good_window():
    rng = np.random.default_rng(9)
    walk = 100 + 0.01 * np.cumsum(rng.normal(size=2**14))
    assert spectrum(walk, 1.0, white="no").exponent == pytest.approx(2.0, abs=0.1)


def test_missing_reads_are_left_out_if_asked():
    rng = np.random.default_rng(2)
    trace = 1 + 0.01 * rng.normal(size=4000)
    trace[::7] = np.nan
    with pytest.raises(ParameterError, match=r"572 of 4000 reads are missing.*first trace\[0\].*missing='skip'"):
        spectrum(trace, 1.0)
    found = spectrum(trace, 1.0, missing="skip")
    assert not found.regular
    assert "572 missing reads were left out" in found.summary()
    masked = np.ma.masked_invalid(trace)
    assert spectrum(masked, 1.0, missing="skip").exponent == found.exponent


def test_read_noise_goes_into_a_statistical_cell(tmp_path):
    cell = pcm.load_cell("ibm-90nm-statistical")
    rng = np.random.default_rng(6)
    found = spectrum(1e-5 * (1 + 2e-3 * noise(1.0, 2**13, rng)), 1.0, white="no")
    mine = found.to_cell(cell, source="my trace")
    law = mine.parameters.read_noise
    assert law.power_factor * (found.mean / 25e-6) ** law.power_exponent == pytest.approx(found.noise_amplitude)
    with pytest.raises(ParameterError, match="nothing that is a number of"):
        found.to_cell(pcm.load_cell("ibm-90nm-doped-gst"))
    found.plot(tmp_path / "s.png")
    assert (tmp_path / "s.png").stat().st_size > 10_000
    table = found.to_dataset()
    assert table.density_low.dims == ("frequency",)
    assert table.attrs["method"] == "Welch"


RNG = np.random.default_rng(0)
GOOD = 1 + 0.01 * RNG.normal(size=500)
BAD = [
    ({"trace": np.ones(500)}, "trace is constant: all 500 reads are 1"),
    ({"trace": GOOD[:20]}, "at least 64 reads; it has 20"),
    ({"trace": GOOD - GOOD.mean()}, "mean above its scatter"),
    ({"dt": 0.0}, "dt must be a number"),
    ({"dt": None}, "one of the two"),
    ({"time": np.arange(500.0)}, "one of the two"),
    ({"dt": None, "time": np.arange(499.0)}, "one number a read"),
    ({"dt": None, "time": np.arange(500.0)[::-1]}, "increase strictly"),
    ({"trace": np.where(np.arange(500) == 7, 9.91e37, GOOD)}, r"trace\[7\]"),
    ({"window": "han"}, "did you mean 'hann'"),
    ({"band": (0.1, 0.11)}, "a power law needs 4"),
    ({"band": 0.1}, "two frequencies"),
    ({"segments": 400}, "segments must be a whole number"),
    ({"white": "maybe"}, "white must be one of"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_input_is_refused_in_words(change, words):
    with pytest.raises(ParameterError, match=words):
        spectrum(**({"trace": GOOD, "dt": 1.0} | change))


def read(exponent, floor, reads, times, rng):
    """Values and times: of every fourth place of a fine grid, of random ones, or of jittered ones (4 % of a step)."""
    if times == "regular":
        return noise(exponent, reads, rng) + np.sqrt(floor / 2) * rng.normal(size=reads), np.arange(float(reads))
    if times == "random":
        places = np.sort(rng.choice(4 * reads, reads, replace=False))
        fine = noise(exponent, 4 * reads, rng)
    else:
        jitter = np.clip(np.rint(16 * 0.043 * rng.normal(size=reads)), -8, 7)
        places = (16 * np.arange(reads) + 8 + jitter).astype(int)
        fine = noise(exponent, 16 * reads, rng)
    return fine[places] + np.sqrt(floor / 2) * rng.normal(size=reads), places.astype(float)


def distances(repeats, exponent, floor, reads, times="regular", seed=21, **options):
    """Exponent and amplitude less the truth, in errors, (repeats, 2)."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(repeats):
        value, at = read(exponent, floor, reads, times, rng)
        found = spectrum(1 + 1e-3 * value, time=at, **options)
        truth = exponent, 1e-3 * found.reference_frequency ** (0.5 * (1 - exponent))
        rows.append([(found[name].value - true) / found[name].error for name, true in
                     zip(("exponent", "amplitude"), truth, strict=True)])  # fmt: skip
    return np.array(rows)


def check_shares(away, points=(0.03, 0.03)):
    """Shares within one and 1.96 errors: both together within so many points, each and 1.5 of its own errors."""
    for limit, share, by in zip((1.0, 1.96), (0.683, 0.95), points, strict=True):
        found = np.mean(np.abs(away) < limit, axis=0)
        own = 1.5 * np.sqrt(share * (1.0 - share) / len(away))
        assert found.mean() == pytest.approx(share, abs=by)
        assert found == pytest.approx(share, abs=by + own)


@pytest.mark.slow
def test_a_weak_floor_is_in_the_errors():
    """60 repeats: three standard errors of 18 and 9 points."""
    away = distances(60, 1.0, 1.0, 4096)
    check_shares(away, points=(0.18, 0.09))
    # the twin that must fail: the floor left out
    left_out = distances(30, 1.0, 1.0, 4096, white="no")
    assert np.mean(np.abs(left_out[:, 0]) < 1.0) < 0.45


def inside_profile(repeats, probability, rng):
    """Share of traces of 512 reads whose interval by profile holds the exponent."""
    inside = 0
    for _ in range(repeats):
        low, high = spectrum(1 + 1e-3 * noise(1.0, 512, rng), 1.0).interval("exponent", probability)
        inside += low < 1.0 < high
    return inside / repeats


def test_intervals_by_profile_hold_in_short_traces():
    """12 traces: fewer than nine inside would be a chance of 2e-4."""
    rng = np.random.default_rng(4)
    assert inside_profile(12, 0.95, rng) >= 9 / 12
    found = spectrum(1 + 1e-3 * noise(1.0, 512, rng), 1.0)
    (low, high), (lower, higher) = (found.interval("exponent", probability) for probability in (0.683, 0.95))
    assert lower <= low < found.exponent < high < higher
    with pytest.raises(ParameterError, match="probability must be below 1"):
        found.interval("exponent", 1.0)
    with pytest.raises(ParameterError, match="did you mean 'exponent'"):
        found.interval("exponant")


@pytest.mark.slow
@pytest.mark.parametrize("probability", [0.683, 0.95])
def test_intervals_by_profile_cover(probability):
    """1000 repeats, a share uncertain by 1.5 and 0.7 points."""
    assert inside_profile(1000, probability, np.random.default_rng(4)) == pytest.approx(probability, abs=0.03)


def test_a_floor_below_zero_is_none_and_a_flat_spectrum_has_no_other(tmp_path):
    rng = np.random.default_rng(1)
    found = next(
        one for one in (spectrum(1 + 1e-3 * noise(1.0, 4096, rng), 1.0) for _ in range(50)) if one["white"].value < 0.0
    )
    assert abs(found["white"].value) < 4 * found["white"].error
    assert "the floor below zero is none" in found.summary()
    assert (found.curve(np.geomspace(1e-4, 100.0, 50)) >= 0.0).all()
    found.plot(tmp_path / "s.png")
    flat = spectrum(1 + 0.01 * rng.normal(size=4096), 1.0)
    assert "white" not in flat.values
    assert "1/f noise under that floor is not excluded" in flat.summary()


@pytest.mark.slow
def test_a_spectrum_too_short_to_tell_law_from_floor_says_so():
    rng = np.random.default_rng(0)
    every = (spectrum(1 + 1e-3 * noise(0.7, 256, rng), 1.0) for _ in range(200))
    found = next(one for one in every if one.exponent_error == np.inf)
    assert "to tell law from floor" in found.summary()
    assert found.exponent_error == np.inf
    low, high = found.interval("exponent", 0.95)
    assert low == pytest.approx(0.1)
    assert low < high <= 5.0
    low, high = found.interval("amplitude", 0.683)
    assert 0.0 <= low < high


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [0.7, 1.0, 1.2, 1.5])
@pytest.mark.parametrize("floor", [0.0, 0.2, 1.0, 5.0])
def test_intervals_cover_whether_there_is_a_floor_or_not(exponent, floor):
    """1000 repeats, each share uncertain by 1.5 and 0.7 points."""
    for reads in (4096, 16384):
        check_shares(distances(1000, exponent, floor, reads))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exponent", "floor", "reads", "options"),
    [
        (1.0, 0.0, 4096, {"times": "random"}),
        (1.0, 5.0, 4096, {"times": "random"}),
        (1.0, 0.0, 4096, {"times": "jitter"}),
        (1.0, 1.0, 4096, {"window": "blackmanharris"}),
        (1.5, 1.0, 4096, {"window": "blackmanharris"}),
        (1.0, 1.0, 4096, {"segments": 1}),
        (1.0, 1.0, 4096, {"segments": 16}),
        (0.0, 0.0, 4096, {"white": "no"}),
        (1.4, 0.0, 4096, {"white": "no"}),
        (1.2, 3.0, 4096, {"white": "yes"}),
    ],
)
def test_intervals_cover_on_irregular_times_and_with_other_windows(exponent, floor, reads, options):
    check_shares(distances(1000, exponent, floor, reads, **options))

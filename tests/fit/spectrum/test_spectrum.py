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


@pytest.mark.slow
@pytest.mark.parametrize(("exponent", "floor"), [(0.0, 0.0), (1.0, 0.0), (1.4, 0.0), (1.2, 3.0)])
def test_intervals_cover_what_they_promise(exponent, floor):
    rng = np.random.default_rng(21)
    inside = np.zeros((2, 2))
    for _ in range(1000):
        trace = 1 + 1e-3 * (noise(exponent, 4096, rng) + np.sqrt(floor / 2) * rng.normal(size=4096))
        found = spectrum(trace, 1.0, white="yes" if floor else "no")
        truth = exponent, 1e-3 * found.reference_frequency ** (0.5 * (1 - exponent))
        for k, (name, value) in enumerate(zip(("exponent", "amplitude"), truth, strict=True)):
            distance = abs(found[name].value - value) / found[name].error
            inside[k] += distance < 1, distance < 2
    np.testing.assert_allclose(inside / 1000, [[0.683, 0.954]] * 2, atol=0.03)

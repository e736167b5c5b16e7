"""Energies, spreads and temperatures for a life, from exact and censored failures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from pcmphys.errors import ParameterError
from pcmphys.fit import RetentionFit, failures, retention
from pcmphys.fit.retention.model import PER_EV

PREFACTOR, ENERGY, SPREAD = 1e-20, 2.5, 0.05
YEAR = 31557600.0


def bake(rng, each=30, temperatures=(480.0, 500.0, 520.0, 540.0), until=1e6):
    """(time, temperature, failed) of devices that are watched until they fail, or the bake ends."""
    temperature = np.repeat(temperatures, each)
    time = PREFACTOR * np.exp(rng.normal(ENERGY, SPREAD, temperature.size) / (PER_EV * temperature))
    return np.minimum(time, until), temperature, time < until


def truth(life=10 * YEAR, fraction=0.5):
    return (ENERGY + ndtri(fraction) * SPREAD) / (PER_EV * np.log(life / PREFACTOR))


def test_numbers_are_found_with_censored_devices():
    time, temperature, failed = bake(np.random.default_rng(1), each=300)
    assert 0.1 < np.mean(~failed) < 0.5
    found = retention(time, temperature, failed=failed, fraction=0.01)
    assert isinstance(found, RetentionFit)
    for name, value in (("energy", ENERGY), ("energy_spread", SPREAD), ("log10_prefactor", -20.0)):
        assert abs(found[name].value - value) < 4 * found[name].error
    assert found["energy"].error < 0.1
    assert found.life_temperature == pytest.approx(truth(fraction=0.01), abs=4 * found["life_temperature"].error)
    low, high = found.interval(0.95)
    assert low < truth(fraction=0.01) < high
    assert found.failed_share(10 * YEAR, found.life_temperature) == pytest.approx(0.01)
    assert found.quantile(found.life_temperature, 0.01) == pytest.approx(10 * YEAR)
    assert found.undetermined == ()
    # leaving the survivors out would make the devices look short-lived
    alone = retention(time[failed], temperature[failed])
    assert alone["log10_time"].value < found["log10_time"].value - 5 * found["log10_time"].error


def test_without_censoring_it_is_least_squares():
    """With one spread of ln t it is the straight line of ln t over 1/kT, and the scatter about it of n - 2 numbers."""
    time, temperature, _ = bake(np.random.default_rng(2), until=1e30)
    found = retention(time, temperature, spread="time")
    slope, level = np.polyfit(1.0 / (PER_EV * temperature), np.log(time), 1)
    rest = np.log(time) - level - slope / (PER_EV * temperature)
    assert found["energy"].value == pytest.approx(slope, rel=1e-5)
    assert found["log10_prefactor"].value == pytest.approx(level / np.log(10), rel=1e-5)
    scatter = rest.std() * np.sqrt(time.size / (time.size - 2))
    assert found["log_time_spread"].value == pytest.approx(scatter, rel=1e-5)
    error = scatter / np.sqrt(time.size) / np.std(1.0 / (PER_EV * temperature))
    assert found["energy"].error == pytest.approx(error, rel=1e-3)


def test_two_shares_at_one_look_have_a_closed_answer():
    """With a known prefactor, kT ln(t / tau_0) = E + z sigma at each temperature."""
    look, known = 5000.0, 1e-13
    shares = {490.0: 0.1, 530.0: 0.4}
    temperature = np.repeat(list(shares), 1000)
    failed = np.concatenate([np.arange(1000) < 1000 * share for share in shares.values()])
    found = retention(
        np.full(2000, look), temperature, failed=failed, since=np.zeros(2000) + ~failed * 0.0, prefactor=known
    )
    z = ndtri(list(shares.values()))
    works = PER_EV * np.array(list(shares)) * np.log(look / known)
    spread = (works[1] - works[0]) / (z[1] - z[0])
    assert found["energy_spread"].value == pytest.approx(abs(spread), rel=1e-4)
    assert found["energy"].value == pytest.approx(works[0] - z[0] * spread, rel=1e-5)
    assert np.isnan(found["log10_prefactor"].error)
    open_ended = retention(np.full(2000, look), temperature, failed=failed, since=np.zeros(2000))
    assert any("all looks lie within a factor 1 of the same time" in words for words in open_ended.undetermined)


def test_intervals_between_looks_hold_the_failure():
    rng = np.random.default_rng(5)
    temperature = np.repeat([480.0, 500.0, 520.0, 540.0], 200)
    time = PREFACTOR * np.exp(rng.normal(ENERGY, SPREAD, 800) / (PER_EV * temperature))
    looks = np.concatenate([[0.0], np.geomspace(10.0, 1e7, 13)])
    place = np.searchsorted(looks, time)
    failed = place < looks.size
    first = np.where(failed, looks[np.minimum(place, looks.size - 1)], looks[-1])
    found = retention(first, temperature, failed=failed, since=np.where(failed, looks[place - 1], looks[-1]))
    assert abs(found["energy"].value - ENERGY) < 4 * found["energy"].error
    assert "known only to lie between two looks" in found.summary()
    exact = retention(np.minimum(time, 1e7), temperature, failed=time < 1e7)
    assert found["energy"].error > exact["energy"].error
    assert found["energy"].error < 2 * exact["energy"].error


def test_a_law_that_does_not_hold_is_called_so():
    rng = np.random.default_rng(0)
    temperature = np.repeat([400.0, 450.0, 500.0, 550.0], 500)
    failed = rng.random(2000) < np.repeat([0.2, 0.02, 0.3, 0.9], 500)
    found = retention(np.where(temperature > 450, 4000.0, 9000.0), temperature, failed=failed, since=np.zeros(2000),
                      prefactor=1e-13)  # fmt: skip
    assert "it does not describe these devices" in found.summary()


def test_failures_of_reads():
    reads = (
        np.array([[10.0, 9.0, 4.0, 9.0], [10.0, 4.0, 4.0, 4.0], [10.0, 9.0, 9.0, 30.0], [10.0, 9.0, 8.0, 7.0]]) * 1e-6
    )
    found = failures([0.0, 1.0, 10.0, 100.0], reads)
    np.testing.assert_array_equal(found.failed, [True, True, True, False])
    np.testing.assert_array_equal(found.time, [10.0, 1.0, 100.0, 100.0])
    np.testing.assert_array_equal(found.since, [1.0, 0.0, 10.0, 100.0])
    for bad, words in [
        (([0.0, 1.0], reads), "time must be"),
        (([0.0, 1.0, 1.0, 2.0], reads), "increase"),
        (([0.0, 1.0, 2.0, 3.0], -reads), "conductance must hold"),
        (([0.0, 1.0, 2.0, 3.0], reads * 0.0), "first read must be above 0"),
    ]:
        with pytest.raises(ParameterError, match=words):
            failures(*bad)
    with pytest.raises(ParameterError, match="keep must hold 1"):
        failures([0.0, 1.0, 2.0, 3.0], reads, keep=(1.1, 2.0))


def test_it_shows_itself(tmp_path):
    time, temperature, failed = bake(np.random.default_rng(3))
    found = retention(time, temperature, failed=failed)
    found.plot(tmp_path / "r.png")
    assert (tmp_path / "r.png").stat().st_size > 20_000
    assert "energy_spread" in found.summary()
    assert found.to_dataset().sizes["device"] == 120


TIME, TEMPERATURE, FAILED = bake(np.random.default_rng(9))
BAD = [
    ({"temperature": TEMPERATURE - 420.0}, "in degrees Celsius"),
    ({"temperature": TEMPERATURE[:5]}, "one for each of 120"),
    ({"temperature": 500.0}, "at least two values"),
    ({"time": 0.0 * TIME}, "time must be above 0 s"),
    ({"time": np.where(TIME > 1e4, np.nan, TIME)}, "finite numbers"),
    ({"time": np.ma.masked_greater(TIME, 1e4)}, "masked"),
    ({"failed": np.zeros(120, dtype=bool)}, "none of 120 devices has failed"),
    ({"failed": FAILED.astype(int)}, "array of bool"),
    ({"since": 2 * TIME}, "since must be before time"),
    ({"fraction": 1.0}, "fraction must be below 1"),
    ({"spread": "energi"}, "did you mean 'energy'"),
    ({"time": TIME[:4], "temperature": TEMPERATURE[:4], "failed": None}, "at least 5 devices"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_input_is_refused_in_words(change, words):
    with pytest.raises(ParameterError, match=words):
        retention(**({"time": TIME, "temperature": TEMPERATURE, "failed": FAILED} | change))


def aged(rng, each, spread, looks, temperatures):
    """(time, temperature, failed, since) of devices watched to 1e6 s, or looked at seven times until then."""
    temperature = np.repeat(temperatures, each)
    energy = rng.normal(ENERGY, SPREAD if spread == "energy" else 0.0, temperature.size)
    time = PREFACTOR * np.exp(energy / (PER_EV * temperature))
    if spread == "time":
        time = time * np.exp(rng.normal(0.0, 1.2, temperature.size))
    if not looks:
        return np.minimum(time, 1e6), temperature, time < 1e6, None
    moments = np.concatenate([[0.0], np.geomspace(10.0, 1e6, 7)])
    place = np.searchsorted(moments, time)
    failed = place < moments.size
    at = np.where(failed, moments[np.minimum(place, moments.size - 1)], moments[-1])
    return at, temperature, failed, np.where(failed, moments[place - 1], moments[-1])


FOUR = (480.0, 500.0, 520.0, 540.0)


def distances(repeats, each, spread="energy", looks=False, prefactor=None, temperatures=FOUR, change=lambda s: s):
    """Energy, spread and temperature less the truth, in errors, (repeats, 3)."""
    rng = np.random.default_rng(41)
    name, size = ("energy_spread", SPREAD) if spread == "energy" else ("log_time_spread", 1.2)
    rows = []
    for _ in range(repeats):
        time, temperature, failed, since = aged(rng, each, spread, looks, temperatures)
        found = retention(time, temperature, failed=failed, since=since, spread=spread, prefactor=prefactor)
        rows.append([(found["energy"].value - ENERGY) / found["energy"].error,
                     (change(found[name].value) - size) / found[name].error,
                     (found.life_temperature - truth()) / found["life_temperature"].error])  # fmt: skip
    return np.array(rows)


def test_few_devices_have_the_spread_of_many():
    """50 repeats of 24 devices: the mean of fifty is uncertain by 0.14 of an error."""
    away = distances(50, 6)
    assert abs(away[:, 1].mean()) < 0.45
    assert np.mean(np.abs(away) < 1.96, axis=0) == pytest.approx(0.95, abs=0.1)
    # the twin that must fail: the spread of the plain likelihood, too small by (24 / 22)^(1/2)
    assert distances(50, 6, change=lambda s: s * np.sqrt(22 / 24))[:, 1].mean() < away[:, 1].mean() - 0.2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("each", "options"),
    [
        (30, {}),
        (30, {"spread": "time"}),
        (30, {"looks": True}),
        (30, {"spread": "time", "looks": True}),
        (30, {"prefactor": PREFACTOR}),
        (60, {"prefactor": PREFACTOR, "temperatures": (500.0,)}),
        (100, {}),
        (10, {}),
    ],
)
def test_intervals_cover_what_they_promise(each, options):
    """1000 repeats, each share uncertain by 1.5 and 0.7 points: together within 3, each and 1.5 of its own errors."""
    away = np.abs(distances(1000, each, **options))
    for limit, share, own in ((1.0, 0.683, 0.022), (1.96, 0.95, 0.011)):
        found = np.mean(away < limit, axis=0)
        assert found.mean() == pytest.approx(share, abs=0.03)
        assert found == pytest.approx(share, abs=0.03 + own)


def test_the_figure_shows_shares_from_none_to_all():
    rng = np.random.default_rng(0)
    kelvin = np.repeat([430.0, 450.0, 470.0], 40)
    time = 1e-15 * np.exp(rng.normal(2.5, 0.05, 120) / (8.617333e-5 * kelvin))
    shares = retention(time, kelvin).plot().axes[1]
    low, high = shares.get_ylim()
    assert low <= 0.0 < 1.0 <= high < 1.2
    assert [one.get_text() for one in shares.texts] == ["every device failed, at every temperature"]
    assert not retention(np.minimum(time, 1e12), kelvin, failed=time < 1e12).plot().axes[1].texts

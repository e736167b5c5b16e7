"""The drift of a population as numbers of a statistical cell."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import fit
from pcmphys.errors import ParameterError
from pcmphys.fit.drift.numbers import slope_of

TIME = np.geomspace(20.0, 1e5, 15)
CELL = pcm.load_cell("ibm-90nm-statistical")


def devices(exponent, g0=1e-5):
    exponent = np.atleast_1d(exponent)
    return np.broadcast_to(g0, exponent.shape)[:, None] * (TIME / 20.0) ** -exponent[:, None]


@pytest.mark.parametrize("name", ["ibm-90nm-statistical", "hermes-14nm-statistical"])
def test_mean_and_spread_at_all_conductances(name):
    cell = pcm.load_cell(name)
    found = fit.drift(TIME, devices([0.03, 0.04, 0.05, 0.06], 8e-6))
    mine = found.to_cell(cell, source="my lab")
    for g in (1e-7, 3e-6, cell.conductance_maximum):
        now = mine.moments(g)
        assert now["drift_exponent_mean"] == pytest.approx(found.exponent_mean)
        assert now["drift_exponent_spread"] == pytest.approx(found.exponent_spread)
        assert now["read_noise"] == cell.moments(g)["read_noise"]
    quantity = mine.technology.quantities["drift_exponent_mean.offset"]
    assert (quantity.kind, quantity.source) == ("fit", "pcmphys, fit of drift; data of my lab")
    assert "data of my lab" in pcm.cite(mine)
    assert "+-" in quantity.note
    assert cell.moments(1e-6)["drift_exponent_mean"] != mine.moments(1e-6)["drift_exponent_mean"]


def test_by_conductance_where_devices_tell_it():
    rng = np.random.default_rng(3)
    g = np.exp(rng.uniform(np.log(1e-6), np.log(2e-5), 200))
    nu = 0.05 - 0.015 * np.log(g / CELL.conductance_maximum) + 0.004 * rng.normal(size=200)
    found = fit.drift(TIME, devices(nu, g))
    mine = found.to_cell(CELL)
    for level in (1.2e-6, 5e-6, 1.8e-5):
        expected = 0.05 - 0.015 * np.log(level / CELL.conductance_maximum)
        assert mine.moments(level)["drift_exponent_mean"] == pytest.approx(expected, abs=1.5e-3)
        assert mine.moments(level)["drift_exponent_spread"] == pytest.approx(0.004, rel=0.15)
    # beyond what was measured the law stays at its ends
    ends = mine.moments([1e-9, 1e-6 * 0.9, 2.5e-5])["drift_exponent_mean"]
    assert ends[0] == ends[1]
    assert mine.moments(g.max())["drift_exponent_mean"] == pytest.approx(ends[2], abs=2e-4)
    assert "<= g <=" in mine.technology.quantities["drift_exponent_mean.log_slope"].note


def test_the_level_is_that_at_the_time_of_the_cell():
    g = np.geomspace(1e-6, 2e-5, 60)
    nu = 0.05 - 0.015 * np.log(g / 10.35e-6)
    cell = pcm.load_cell("hermes-14nm-statistical").but({"conductance_maximum": 25e-6})
    mine = fit.drift(TIME, devices(nu, g)).to_cell(cell)
    later = g * (cell.reference_time / 20.0) ** -nu
    np.testing.assert_allclose(mine.moments(later)["drift_exponent_mean"], nu, rtol=0.02)


def test_population_of_the_new_cell_drifts_as_the_devices_did():
    rng = np.random.default_rng(5)
    found = fit.drift(TIME, devices(rng.normal(0.06, 0.01, 300)))
    twins = found.to_cell(CELL).population(4000, seed=2)
    twins.program(1e-5)
    exponents = twins.now().drift_exponent
    assert exponents.mean() == pytest.approx(found.exponent_mean, abs=1e-3)
    assert exponents.std() == pytest.approx(found.exponent_spread, rel=0.05)


@pytest.mark.parametrize("weighted", [True, False])
def test_errors_of_the_slope_are_those_of_repeats(weighted):
    rng = np.random.default_rng(7)
    x = rng.uniform(-3.0, 0.0, 80)
    variance = rng.uniform(0.5, 2.0, 80) * 1e-5 if weighted else np.full(80, 1e-5)
    slopes, errors, spreads, spread_errors = [], [], [], []
    for _ in range(300):
        value = 0.05 - 0.01 * x + rng.normal(size=80) * np.sqrt(variance + 0.005**2)
        one = slope_of(x, value, variance, weighted)
        slopes.append(one.slope)
        errors.append(one.slope_error)
        spreads.append(one.spread)
        spread_errors.append(one.spread_error)
    # 300 repeats: the standard deviation is known to 4 %, three of them are 12 %
    assert np.mean(slopes) == pytest.approx(-0.01, abs=3 * np.std(slopes) / 300**0.5)
    assert np.std(slopes) == pytest.approx(np.mean(errors), rel=0.15)
    assert np.mean(spreads) == pytest.approx(0.005, rel=0.03)
    assert np.std(spreads) == pytest.approx(np.mean(spread_errors), rel=0.2)


def test_what_is_refused():
    found = fit.drift(TIME, devices([0.03, 0.04, 0.05]))
    with pytest.raises(ParameterError, match=r"its drift follows from its glass, and fit\.calibrate finds that"):
        found.to_cell(pcm.load_cell("ibm-90nm-doped-gst"))
    with pytest.raises(ParameterError, match="1 devices with a fit tell no spread"):
        found[:1].to_cell(CELL)
    with pytest.raises(ParameterError, match=r"reach 0.0001 S at 20 s, and the cell's largest is 2.5e-05 S"):
        fit.drift(TIME, devices([0.03, 0.04], 1e-4)).to_cell(CELL)


def test_the_file_goes_along(tmp_path):
    path = tmp_path / "mine.csv"
    rows = "\n".join(f"{t:.17g},{a:.17g},{b:.17g}" for t, a, b in zip(TIME, *devices([0.04, 0.05]), strict=True))
    path.write_text("time (s),a (S),b (S)\n" + rows)
    (tmp_path / "LICENSE").write_text("CC BY 4.0\n\nmine.csv, reads of ours\n")
    found = fit.drift(fit.read(path))
    assert "data: mine.csv (sha256 " in found.summary()
    assert "CC BY 4.0" in found["a"].summary()
    source = found.to_cell(CELL).technology.quantities["drift_exponent_mean.offset"].source
    assert source.startswith("pcmphys, fit of drift; data of mine.csv (sha256 ")
    assert source.endswith("licence CC BY 4.0 (LICENSE beside the file)")

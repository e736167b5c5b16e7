"""Level statistics: what devices say of themselves, the same for any parts, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.export.scores import NODES, REACH, SCORES, coupling, drawn, mean_and_std, normal_scores, tabulated

STATISTICAL = pcm.load_cell("ibm-90nm-statistical")
PHYSICAL = pcm.load_cell("ibm-90nm-doped-gst")


def arrays(found):
    return {name: value for name, value in vars(found).items() if isinstance(value, np.ndarray)}


def assert_same(one, other):
    assert arrays(one).keys() == arrays(other).keys()
    for name, value in arrays(one).items():
        np.testing.assert_array_equal(value, arrays(other)[name], err_msg=name)


# --- tables over normal scores


@given(st.floats(-5.0, 5.0), st.floats(0.01, 10.0))
@settings(max_examples=30, deadline=None)
def test_a_normal_distribution_is_a_straight_line(mean, std):
    found = mean_and_std(mean + std * SCORES)
    np.testing.assert_allclose(found, (mean, std), rtol=1e-3, atol=1e-3 * std)


@pytest.mark.parametrize("kind", ["normal", "exponential", "half", "two"])
def test_a_table_has_the_moments_of_its_sample(kind):
    rng = np.random.default_rng(1)
    values = {
        "normal": rng.normal(3.0, 0.1, 2000),
        "exponential": rng.exponential(1.0, 2000),
        "half": np.maximum(rng.normal(0.0, 1.0, 2000), 0.0),
        "two": np.where(rng.random(2000) < 0.3, 1.0, 2.0),
    }[kind]
    table = tabulated(values)
    np.testing.assert_allclose(mean_and_std(table), (values.mean(), values.std()), rtol=1e-10)
    held = mean_and_std(tabulated(values, least=0.0))
    np.testing.assert_allclose(held, (values.mean(), values.std()), rtol=1e-3)
    draws = drawn(table, rng.standard_normal(200_000))
    assert abs(draws.mean() / values.mean() - 1.0) < 0.01
    assert abs(draws.std() / values.std() - 1.0) < 0.01


def test_the_quantiles_themselves_would_not_do():
    values = np.random.default_rng(1).exponential(1.0, 2000)
    bare = np.quantile(values, [0.0, *np.linspace(0.1, 0.9, NODES - 2), 1.0])
    assert abs(mean_and_std(bare)[1] / values.std() - 1.0) > 0.03


def test_a_table_holds_quantiles():
    values = np.random.default_rng(2).lognormal(0.0, 0.5, 50_000)
    table = tabulated(values)
    middle = np.abs(SCORES) < 2.0
    np.testing.assert_allclose(table[middle], np.exp(0.5 * SCORES[middle]), rtol=0.03)
    assert SCORES[0] == -REACH
    assert (np.diff(table) >= 0.0).all()


def test_a_table_keeps_its_least_value():
    values = np.maximum(np.random.default_rng(3).normal(0.0, 1.0, 500), 0.0)
    assert tabulated(values, least=0.0).min() == 0.0


def test_coupling_is_the_correlation_of_normal_scores():
    rng = np.random.default_rng(4)
    z = rng.multivariate_normal([0.0, 0.0], [[1.0, -0.6], [-0.6, 1.0]], 20_000).T
    assert abs(coupling(np.exp(z[0]), z[1] ** 3) + 0.6) < 0.02
    assert coupling(np.ones(10), np.arange(10.0)) == 0.0
    np.testing.assert_allclose(normal_scores(np.arange(5.0)) + normal_scores(np.arange(5.0))[::-1], 0.0, atol=1e-12)


# --- levels


def test_they_are_the_published_moments():
    # 20 000 devices: one standard error of a spread is 0.5 %, of a mean 0.7 % of the spread
    found = pcm.export.sample(STATISTICAL, levels=[5e-6, 10e-6, 25e-6], times=[1e5], devices=20_000, seed=3)
    known = STATISTICAL.moments(found.target)
    np.testing.assert_allclose(found.conductance_mean[:, 0], found.target, rtol=3e-3)
    np.testing.assert_allclose(found.conductance_std[:, 0], known["programming_error"], rtol=0.02)
    np.testing.assert_allclose(found.exponent_mean, known["drift_exponent_mean"], rtol=0.01)
    np.testing.assert_allclose(found.exponent_std, known["drift_exponent_spread"], rtol=0.02)
    noise = known["read_noise"] * np.sqrt(np.log((1e5 + 250e-9) / 500e-9))
    np.testing.assert_allclose(found.noise_rms[:, 1], noise, rtol=1e-9)
    np.testing.assert_allclose(found.noise_std[:, 1], noise, rtol=0.02)
    assert np.abs(found.coupling).max() < 4.0 / np.sqrt(20_000)
    assert found.ohmic
    assert found.drifts


@pytest.mark.parametrize("cell", [STATISTICAL, PHYSICAL], ids=lambda cell: cell.name)
def test_any_parts_give_the_same_bits(cell):
    given = {"levels": [0.0, 5e-6, 20e-6], "times": [1e3, 1e6], "devices": 150, "seed": 5}
    whole = pcm.export.sample(cell, **given)
    assert_same(whole, pcm.export.sample(cell, **given, at_once=37))
    assert not np.array_equal(whole.conductance_mean, pcm.export.sample(cell, **(given | {"seed": 6})).conductance_mean)


def test_they_are_what_a_population_does():
    found = pcm.export.sample(PHYSICAL, levels=[4e-6, 16e-6], times=[1e4], devices=200, seed=9)
    devices = PHYSICAL.population(200, seed=9, first_cell=200)
    devices.program(16e-6)
    start = devices.time
    devices.wait(20.0)
    before = devices.now()
    devices.read()
    devices.wait(1e4 - (devices.time - start))
    after = devices.now()
    reading = devices.read()
    loss = np.log(before.conductance / after.conductance)
    exponent = loss / np.log(1e4 / 20.0)
    assert found.conductance_mean[1, 0] == before.conductance.mean()
    assert found.loss_mean[1, 1] == pytest.approx(loss.mean(), rel=1e-12)
    assert found.exponent_std[1] == pytest.approx(exponent.std(), rel=1e-9)
    assert found.noise_std[1, 1] == pytest.approx((reading / after.conductance - 1.0).std(), rel=1e-12)
    assert found.coupling[1] < -0.1  # large ones drift less
    assert not found.ohmic
    np.testing.assert_allclose(found.shape[:, -1], 1.0)
    bent = [look.sum() / (before.conductance.sum() * v) for v, look in ((v, before.current(v)[0]) for v in (0.1, 1e-4))]
    np.testing.assert_allclose(found.shape[1, [4, 0]], bent, rtol=1e-4)


def test_devices_that_conduct_nothing_are_told():
    found = pcm.export.sample(STATISTICAL, levels=[0.0, 5e-6], times=[1e4], devices=1000)
    assert 0.4 < found.blank[0] < 0.6
    assert found.blank[1] == 0.0
    assert np.isfinite(found.noise).all()
    assert found.programmed[0].min() == 0.0


def test_levels_are_denser_where_laws_bend():
    found = pcm.export.sample(pcm.load_cell("ibm-90nm-projected"), levels=4, times=2, devices=100)
    np.testing.assert_allclose(found.target, 5e-6 + 20e-6 * np.array([0.0, 1.0, 4.0, 9.0]) / 9.0)
    assert found.time[0] == 20.0


def test_the_data_set_has_all_of_it_with_units(tmp_path):
    import xarray as xr

    found = pcm.export.sample(STATISTICAL, levels=3, times=3, devices=100)
    found.to_dataset().to_netcdf(tmp_path / "levels.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "levels.nc") as again:
        assert again.conductance_mean.attrs["units"] == "S"
        np.testing.assert_array_equal(again.loss, found.loss)
        assert all("units" in one.attrs for one in again.variables.values())


def test_progress_is_told():
    steps = []
    pcm.export.sample(
        STATISTICAL, levels=3, times=2, devices=100, progress=lambda done, total: steps.append((done, total))
    )
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"devices": 0}, "devices must be a whole number within [100"),
        ({"levels": 1}, "levels must be a whole number within [2"),
        ({"levels": [5e-6]}, "at least two targets"),
        ({"levels": [5e-6, 30e-6]}, "levels[1]"),
        ({"levels": [5e-6, 5e-6]}, "levels"),
        ({"times": [20.0]}, "beyond the cell's reference time, 20 s"),
        ({"times": []}, "times"),
        ({"times": [10.0, 100.0]}, "times[0]"),
        ({"times": [1e3, 1e2]}, "times"),
        ({"seed": -1}, "seed"),
        ({"at_once": 0}, "at_once"),
    ],
)
def test_what_cannot_be_sampled(options, words):
    with pytest.raises(pcm.ParameterError) as error:
        pcm.export.sample(STATISTICAL, **({"levels": 3, "times": 2, "devices": 100} | options))
    assert words in str(error.value)


def test_what_has_no_devices():
    with pytest.raises(pcm.ParameterError, match="a FilmCell has none"):
        pcm.export.sample(pcm.load_cell("gst225-film"))
    with pytest.raises(pcm.ParameterError, match="a str has none"):
        pcm.export.sample("ibm-90nm-statistical")


class OneState:
    """A cell that has one conductance."""

    name, conductance_minimum, conductance_maximum, reference_time, read_voltage = "one", 1e-5, 1e-5, 1.0, 0.1

    def population(self, shape, *, seed=0, first_cell=0):
        raise AssertionError("refused before")


def test_one_state_is_no_levels(tmp_path):
    for write in (pcm.export.aihwkit, pcm.export.crosssim, pcm.export.neurosim, pcm.export.tables):
        with pytest.raises(pcm.ParameterError, match="one has one state, 1e-05 S"):
            write(OneState(), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []

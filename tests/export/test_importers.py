"""Importers: noise models of other programs and tables of conductances become statistical cells with provenance."""

import json
import types

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.export import from_aihwkit, from_crosssim, from_table

CELL = pcm.load_cell("ibm-90nm-statistical")
LEVELS = np.linspace(0.02, 1.0, 40)
NAMES = ("programming_error", "drift_exponent_mean", "drift_exponent_spread", "read_noise")


def assert_moments(found, expected, rtol, names=NAMES):
    for name in names:
        np.testing.assert_allclose(
            found.moments(LEVELS * found.conductance_maximum)[name],
            expected.moments(LEVELS * expected.conductance_maximum)[name], rtol=rtol, err_msg=name,
        )  # fmt: skip


def test_the_defaults_of_aihwkit_are_the_published_cell():
    found = from_aihwkit({}, source="aihwkit 1.1, PCMLikeNoiseModel()")
    assert_moments(found, CELL, 1e-12)
    quantity = found.technology.quantities["read_noise.power_factor"]
    assert (quantity.kind, quantity.source) == ("user", "aihwkit noise model: aihwkit 1.1, PCMLikeNoiseModel()")
    assert found.technology.quantities["temperature"].kind == "assumed"
    assert "aihwkit 1.1" in pcm.cite(found)


def test_an_exported_constructor_comes_back(tmp_path):
    pcm.export.aihwkit(CELL, tmp_path / "a", times=[1e6], devices=200)
    given = json.loads((tmp_path / "a" / "constructor.json").read_text())
    found = from_aihwkit(given | {"g_max": 25.0}, source="my export")
    assert_moments(found, CELL, 1e-3, NAMES[:1])
    assert_moments(found, CELL, 0.03, NAMES[1:])


def test_an_object_is_as_good_as_its_constants():
    model = types.SimpleNamespace(
        g_max=10.0, prog_coeff=[0.1, 0.2], t_0=200.0, t_read=512e-9, prog_noise_scale=2.0, read_noise_scale=0.5,
        drift_scale=3.0, g_converter=object(), prog_coeff_g_max_reference=10.0,
    )  # fmt: skip
    found = from_aihwkit(model, source="mine")
    half = found.moments(5e-6)
    assert half["programming_error"] == pytest.approx(2 * 0.2e-6)
    assert half["drift_exponent_mean"] == pytest.approx(3 * 0.049)
    assert half["read_noise"] == pytest.approx(0.5 * 0.0088 / 0.5**0.65)
    assert (found.reference_time, found.parameters.read_duration) == (200.0, 512e-9)


def test_a_state_independent_model():
    found = from_aihwkit({"g_max": 20.0, "drift_nu_mean": 0.06, "drift_nu_std": 0.01, "prog_coeff": [0.2]}, source="x")
    moments = found.moments([1e-6, 20e-6])
    np.testing.assert_allclose(moments["drift_exponent_mean"], 0.06)
    np.testing.assert_allclose(moments["drift_exponent_spread"], 0.01)
    np.testing.assert_allclose(moments["read_noise"], 1.0 / 20.0)


def test_lists_that_no_law_follows_are_told():
    lists = {"g_lst": [0.0, 5.0, 10.0, 15.0, 20.0, 25.0], "nu_mean_lst": [0.1, 0.02, 0.1, 0.02, 0.1, 0.02]}
    lists["nu_std_lst"] = [0.01] * 6
    with pytest.warns(pcm.ValidityWarning, match="mean drift exponent: the law of a statistical cell is up to"):
        from_aihwkit({"custom_drift_model": lists}, source="x")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (3, "model must be an aihwkit noise model"),
        ({"gmax": 25.0}, "'gmax' is no constant of a noise model; .* did you mean 'g_max'"),
        ({"g_max": 0.0}, "g_max must be a number in uS within"),
        ({"g_max": "25"}, "g_max must be a number"),
        ({"prog_coeff": [1.0] * 5}, "1 to 4 of programming error; got 5"),
        ({"custom_drift_model": {"g_lst": [0.0, 25.0]}}, "custom_drift_model must have g_lst"),
        ({"t_0": -1.0}, "t_0 must be"),
    ],
)
def test_what_is_no_noise_model(model, words):
    with pytest.raises(pcm.ParameterError, match=words):
        from_aihwkit(model, source="x")


def test_provenance_is_asked_for():
    for source in ("", "  ", None):
        with pytest.raises(pcm.ParameterError, match="source must say"):
            from_aihwkit({}, source=source)
    with pytest.raises(pcm.ParameterError, match="name must be of small letters"):
        from_crosssim([1.0], 1e-5, source="x", name="A B")


def test_a_polynomial_of_crosssim():
    a, b, c = -0.00178767, 0.07585724, 0.28638599
    found = from_crosssim([a, b, c], 25e-6, source="CrossSim 3.2, PCMJoshi", name="joshi")
    g = np.array([0.0, 3.0, 11.0, 25.0])
    np.testing.assert_allclose(found.moments(1e-6 * g)["programming_error"], 1e-6 * (a * g**2 + b * g + c), rtol=1e-12)
    assert found.moments(1e-5)["drift_exponent_mean"] == 0.0
    assert found.technology.quantities["read_noise.high"].kind == "assumed"
    devices = found.population(1000, seed=1)
    devices.program(10e-6)
    before = devices.now().conductance
    devices.wait(1e6)
    np.testing.assert_array_equal(devices.now().conductance, before)


def test_an_imported_cell_is_kept_in_a_file(tmp_path):
    found = from_crosssim([0.1], 25e-6, source="x")
    pcm.save_cell(found, tmp_path / "mine.toml")
    assert pcm.load_cell(tmp_path / "mine.toml").parameters == found.parameters


@pytest.fixture(scope="module")
def measured():
    """20 000 devices of the published cell, read at 15 times."""
    targets = np.repeat(np.linspace(2.5e-6, 25e-6, 10), 2000)
    devices = CELL.population(targets.size, seed=3)
    devices.program(targets)
    time = np.geomspace(20.0, 1e6, 15)
    reads = []
    for when in time:
        devices.wait(when - devices.time)
        reads.append(devices.read())
    return targets, np.array(reads).T, time


def test_a_table_gives_the_cell_back(measured):
    targets, reads, time = measured
    found = from_table(targets, reads, time, source="20 000 simulated devices")
    levels = np.linspace(0.3, 1.0, 15) * 25e-6
    here, there = found.moments(levels), CELL.moments(levels)
    # the first read has noise of its own, 4 to 9 % of the conductance
    noise = there["read_noise"] * np.sqrt(np.log(20.0 / 500e-9))
    spread = np.hypot(there["programming_error"], levels * noise)
    np.testing.assert_allclose(here["programming_error"], spread, rtol=0.05)
    np.testing.assert_allclose(here["drift_exponent_mean"], there["drift_exponent_mean"], rtol=0.03)
    np.testing.assert_allclose(here["read_noise"], there["read_noise"], rtol=0.1)
    assert found.reference_time == 20.0
    assert found.technology.quantities["drift_exponent_mean.low"].source.startswith("table of conductances: 20 000")


def test_a_table_of_one_read_tells_no_drift(measured):
    targets, reads, _ = measured
    found = from_table(targets, reads[:, 0], source="x", conductance_maximum=30e-6)
    assert found.conductance_maximum == 30e-6
    assert found.moments(1e-5)["drift_exponent_mean"] == 0.0


def test_a_mean_off_its_target_is_told(measured):
    targets, reads, _ = measured
    with pytest.warns(pcm.ValidityWarning, match="puts the mean on the target"):
        from_table(targets, 1.2 * reads[:, 0], source="x")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (([1e-6] * 20, np.ones(20) * 1e-6), "at least two targets"),
        (([1e-6] * 5 + [2e-6] * 5, np.ones(10) * 1e-6), "at least 10 devices each; got 2 with 5"),
        (([1e-6] * 20, np.ones(10) * 1e-6), "must have 20 rows"),
        (([1e-6] * 10 + [2e-6] * 10, np.ones((20, 2)) * 1e-6), "time is missing"),
        (([1e-6] * 10 + [2e-6] * 10, np.ones((20, 2)) * 1e-6, [1.0, 1.0]), "time"),
        (([1e-6] * 10 + [2e-6] * 10, np.zeros((20, 2)), [1.0, 2.0]), "above zero over time"),
    ],
)
def test_tables_that_tell_too_little(given, words):
    with pytest.raises(pcm.ParameterError, match=words):
        from_table(*given, source="x")

"""Devices kept at several temperatures, and times that are worth others."""

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.errors import ParameterError

TIME = np.geomspace(10.0, 1e5, 15)
KELVIN = np.repeat([360.0, 300.0, 330.0], 60)


def population(per_kelvin, **options):
    rng = np.random.default_rng(3)
    true = rng.normal(0.05, 0.01, KELVIN.size) + per_kelvin * (KELVIN - 300.0)
    reads = 1e-5 * TIME ** -true[:, None] * (1.0 + 0.003 * rng.standard_normal((KELVIN.size, TIME.size)))
    return fit.drift(TIME, reads, temperature=KELVIN, **options), true


def test_each_temperature_has_its_own_law():
    found, true = population(3e-4)
    groups = found.by_temperature
    assert [group.temperature for group in groups] == [300.0, 330.0, 360.0]
    assert [group.devices for group in groups] == [60, 60, 60]
    for group in groups:
        here = true[group.temperature == KELVIN]
        assert group.mean == pytest.approx(here.mean(), abs=group.mean_error)
        assert group.spread == pytest.approx(here.std(ddof=1), abs=group.spread_error)
    assert "nu at 330 K, 60 devices: mean 0.0" in found.summary()
    assert "one exponent for all temperatures does not agree with these means" in found.summary()
    assert found[0].temperature == 360.0
    assert np.array_equal(found[50:70].temperature, KELVIN[50:70])
    assert len(found[50:70].by_temperature) == 2
    assert found.to_dataset().temperature.attrs["units"] == "K"
    assert np.array_equal(found.to_dataframe()["temperature [K]"], KELVIN)


def test_one_law_for_all_is_accepted_where_it_holds():
    found, _ = population(0.0)
    assert "one exponent for all temperatures agrees with these means" in found.summary()


def test_temperatures_are_checked_and_may_be_left_out():
    found, _ = population(0.0)
    plain = fit.drift(TIME, found.conductance)
    assert plain.by_temperature == ()
    assert plain.temperature is plain[0].temperature is None
    assert np.array_equal(plain.exponent, found.exponent)
    assert fit.drift(TIME, found.conductance[0], temperature=350.0).temperature == 350.0
    for wrong in ([300.0, 310.0], 0.0, -5.0, np.nan, "warm"):
        with pytest.raises(ParameterError, match="temperature"):
            fit.drift(TIME, found.conductance, temperature=wrong)


def test_equivalent_times():
    factor = np.exp(0.6 * ELEMENTARY_CHARGE / BOLTZMANN * (1 / 300.0 - 1 / 350.0))
    assert fit.equivalent_time(TIME, 300.0, 0.6) == pytest.approx(TIME)
    assert fit.equivalent_time(TIME, 350.0, 0.6) == pytest.approx(factor * TIME)
    assert fit.equivalent_time(TIME, 350.0, 0.0) == pytest.approx(TIME)
    several = fit.equivalent_time(np.tile(TIME, (2, 1)), [[300.0], [350.0]], 0.6)
    assert several[1] == pytest.approx(factor * several[0])
    # a device that is heated half way drifts as one that was always cold, at its equivalent times
    kelvin = np.where(np.arange(TIME.size) < 7, 300.0, 350.0)
    worth = fit.equivalent_time(TIME, kelvin, 0.6)
    assert fit.drift(worth, 1e-5 * worth**-0.05).exponent == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((TIME, 0.0, 0.6), "temperature must be above 0 K"),
        ((TIME, [300.0, 310.0], 0.6), "temperature must fit times"),
        ((TIME[::-1], 300.0, 0.6), "time must increase"),
        ((TIME, 300.0, -0.1), "activation_energy"),
        ((TIME, 300.0, 0.6, 0.0), "reference_temperature"),
    ],
)
def test_equivalent_times_that_cannot_be(arguments, says):
    with pytest.raises(ParameterError, match=says):
        fit.equivalent_time(*arguments)

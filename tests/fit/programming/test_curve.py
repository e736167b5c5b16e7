"""Programming curves: onsets of melting and crystallization, against quadrature, refits and our own cell."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.fit import ProgrammingCurve, programming, programming_curve
from pcmphys.fit.programming import ramp
from pcmphys.fit.programming.heating import melted_share
from pcmphys.physics.conduction.structure import SHELLS
from tests.oracles import thermal

from . import truth

SHOWN = ("melting_current", "melting_width", "full_reset_current", "melting_spread", "set_conductance")


@pytest.mark.parametrize("spread", [1e-3, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("width", [0.05, 1.0])
def test_share_is_the_mean_over_devices(spread, width):
    x = np.linspace(-2.0, 4.0, 25)
    expected = [truth.share(one, 0.5, width, spread) for one in x]
    np.testing.assert_allclose(ramp.share(x, 0.5, width, spread), expected, atol=2e-7)


def test_both_branches_are_found():
    found = programming_curve(truth.CURRENT, truth.curve(np.random.default_rng(1), 400))
    assert isinstance(found, ProgrammingCurve)
    for name, value in truth.CURVE.items():
        assert abs(found[name].value - value) < 4 * found[name].error, name
        assert found[name].error < 0.3 * max(abs(value), 1e-6)
    assert found.undetermined == ()
    assert found.melting_current == found["melting_current"].value
    assert found.melting_current_error == found["melting_current"].error
    assert found["maximum"].value == found.levels.mean.max()
    assert found["minimum"].value == found.levels.mean.min()
    middle, error = found.middle_reset
    assert middle == pytest.approx(280e-6, abs=4 * error)
    assert error < found["melting_current"].error
    # the law is the mean of the devices, not a curve of one
    np.testing.assert_allclose(found.curve(truth.CURRENT), found.levels.mean, atol=4 * 3e-6 / np.sqrt(400))


def test_devices_that_were_set_before_have_no_set_branch():
    reads = truth.curve(np.random.default_rng(2), rises=False)
    found = programming_curve(truth.CURRENT, reads)
    assert "set_current" not in found.values
    assert any("no SET branch" in words for words in found.notes)
    for name in SHOWN:
        assert abs(found[name].value - truth.CURVE[name]) < 4 * found[name].error
    given = {"amplitude": truth.CURRENT, "conductance": reads}
    assert programming(**given).values == found.values


def test_order_form_and_quantity_of_the_reads_do_not_matter():
    rng = np.random.default_rng(3)
    reads = truth.curve(rng, 20, rises=False) + 3e-6
    found = programming_curve(truth.CURRENT, reads)
    order = rng.permutation(reads.size)
    rows = np.repeat(truth.CURRENT, 20)[order], reads.ravel()[order]
    names = np.array([f"cell {k}" for k in range(20)])
    for other in (
        programming_curve(*rows, device=np.tile(names, truth.CURRENT.size)[order]),
        programming_curve(truth.CURRENT[::-1], reads[::-1]),
        programming_curve(truth.CURRENT, resistance=1.0 / reads),
    ):
        for name in SHOWN:
            assert other[name].value == pytest.approx(found[name].value, rel=1e-5)
            assert other[name].error == pytest.approx(found[name].error, rel=1e-3)
    with_gap = np.where(np.arange(20) == 3, np.nan, reads)
    less = programming_curve(truth.CURRENT, with_gap, missing="skip")
    np.testing.assert_array_equal(less.levels.count, 19)


def test_errors_are_those_of_leaving_out_each_device():
    """The jackknife to first order is that of refits."""
    reads = truth.curve(np.random.default_rng(4), 30, rises=False)
    found = programming_curve(truth.CURRENT, reads)
    without = [programming_curve(truth.CURRENT, np.delete(reads, k, axis=1)) for k in range(30)]
    for name in SHOWN:
        values = np.array([one[name].value for one in without])
        error = np.sqrt(29 / 30 * ((values - values.mean()) ** 2).sum())
        assert found[name].error == pytest.approx(error, rel=0.2), name


def test_onset_that_is_not_shown_is_not_guessed():
    below = truth.CURRENT < 190e-6
    reads = truth.curve(np.random.default_rng(5), 50)
    found = programming_curve(truth.CURRENT[below], reads[below])
    assert found["set_current"].value == pytest.approx(70e-6, abs=4 * found["set_current"].error)
    assert "melting_current" not in found.values
    assert any("melting_current: the conductance falls nowhere up to 0.00018 A" in w for w in found.undetermined)
    flat = truth.curve(np.random.default_rng(5), 50, rises=False)[below]
    found = programming_curve(truth.CURRENT[below], flat)
    assert np.isnan(found.melting_current)
    assert np.isinf(found.melting_current_error)
    assert "falls nowhere" in found.summary()
    assert np.isinf(found.middle_reset[1])
    constant = programming_curve(truth.CURRENT, np.full(truth.CURRENT.size, 1e-5))
    assert np.isnan(constant.melting_current)
    assert "no branch to fit" in constant.summary()
    np.testing.assert_allclose(constant.curve(truth.CURRENT), 1e-5)


def test_noise_alone_shows_no_branch():
    rng = np.random.default_rng(6)
    for _ in range(100):
        reads = 2e-5 + rng.normal(0.0, 2e-6, (15, 8))
        assert not np.isfinite(programming_curve(np.arange(1.0, 16.0), reads, unit="V").melting_current)


def test_curves_that_begin_or_end_on_the_way_say_what_they_leave_open():
    reads = truth.curve(np.random.default_rng(7), 100)
    part = truth.CURRENT < 270e-6
    found = programming_curve(truth.CURRENT[part], reads[part])
    assert found["reset_conductance"].role == "fixed"
    assert any("reset_conductance: the curve ends on its way down; it is taken as 0 S" in w for w in found.undetermined)
    assert abs(found["melting_current"].value - 220e-6) < 4 * found["melting_current"].error
    assert abs(found["full_reset_current"].value - 340e-6) < 4 * found["full_reset_current"].error
    part = truth.CURRENT > 90e-6
    found = programming_curve(truth.CURRENT[part], reads[part])
    assert any("start_conductance: the curve begins on its way up" in w for w in found.undetermined)
    assert abs(found["melting_current"].value - 220e-6) < 4 * found["melting_current"].error
    part = truth.CURRENT > 260e-6
    found = programming_curve(truth.CURRENT[part], reads[part])
    assert any("melting_current: the curve begins on its way down" in w for w in found.undetermined)
    assert np.isinf(found.melting_current_error)
    assert np.isinf(found["set_conductance"].error)
    level = np.linspace(10e-6, 110e-6, 11)
    found = programming_curve(level, truth.curve(np.random.default_rng(7), 100, level=level))
    assert any("full_set_current: the curve ends on its way up" in w for w in found.undetermined)
    assert np.isinf(found["set_conductance"].error)
    assert abs(found["set_current"].value - 70e-6) < 4 * found["set_current"].error


def test_a_width_that_came_out_as_none_is_open_to_its_largest():
    """Noisy means cannot tell a ramp from a spread: the onset then has the error of the ramp that could be."""
    rng, seen = np.random.default_rng(31), 0
    for _ in range(12):
        found = programming_curve(truth.CURRENT, truth.curve(rng, 100, same=False))
        if found["set_width"].bound != "low":
            continue
        seen += 1
        onset, width = found["set_current"], found["set_width"]
        assert abs(onset.value - truth.CURVE["set_current"]) < 2.5 * onset.error
        assert width.error > 0.5 * truth.CURVE["set_width"]
        assert onset.error > 0.4 * width.error
        middle = onset.value + 0.5 * width.value
        assert middle == pytest.approx(100e-6, abs=4e-6)
        assert any("set_width is as small as levels can show" in words for words in found.notes)
    assert seen >= 2


def test_one_device_has_errors_from_its_scatter():
    rng = np.random.default_rng(8)
    level = np.linspace(100e-6, 500e-6, 41)
    reads = 30e-6 * (1.0 - np.clip((level - 220e-6) / 120e-6, 0.0, 1.0)) + rng.normal(0.0, 0.3e-6, 41)
    found = programming_curve(level, reads)
    assert pytest.approx(found.melting_current, abs=4 * found.melting_current_error) == 220e-6
    assert found.melting_current_error < 5e-6
    assert np.isnan(found["minimum"].error)
    assert any("less than half a step" in words for words in found.notes)
    few = programming_curve(level, np.stack([reads, reads + 1e-7], axis=1))
    assert any("2 devices only" in words for words in few.notes)


def test_a_law_that_does_not_hold_is_called_so():
    rng = np.random.default_rng(9)
    level = np.linspace(1.0, 5.0, 30)
    steps = np.where(level < 2.0, 3e-5, np.where(level < 3.5, 2e-5, 1e-6))
    found = programming_curve(level, steps[:, None] + rng.normal(0.0, 1e-7, (30, 20)), unit="V")
    assert "it does not describe this curve" in found.summary()
    assert found.quantity == "voltage"


def swept(cell, current: np.ndarray, devices: int) -> np.ndarray:
    """Reads of fresh devices after one pulse of each current."""
    each = np.repeat(current[:, None], devices, axis=1)
    population = cell.population(each.shape, seed=4)
    population.apply(pcm.Pulse(current=1e-6, width=1e-6, fall=5e-9), amplitude=each)
    population.wait(20.0)
    return population.read()


def onset(parameters, side: float) -> float:
    """Current [A] at which the first (side -1) or last (+1) place closes: its rise has fallen to T_m - T there.

    A front that lies further out melts at 1 + b of what others do, one further in where the network's temperature falls
    to melting at a distance b. A dome of less than half a shell of the model does not show in its conductance.
    """
    heat, geometry = parameters.heat, parameters.geometry
    span = geometry.layer_thickness - geometry.heater_radius
    bound = np.sqrt(3.0) * geometry.front_roughness / span
    needed = parameters.crystallization.melting_temperature - heat.ambient
    away = side * bound + 0.5 / SHELLS
    level = thermal.part_at(thermal.shape_of(0.0, max(away, 0.0) * span, parameters), away)
    power = needed / heat.thermal_resistance / level
    return (-heat.on_voltage + np.sqrt(heat.on_voltage**2 + 4.0 * heat.on_resistance * power)) / (
        2.0 * heat.on_resistance
    )


def test_melting_of_our_own_cell_is_that_of_its_law():
    """A filament that fills the heater, no regrowth: then law and fit are the same."""
    cell = pcm.load_cell("ibm-90nm-doped-gst").but(
        {
            "heat.filling_current": 1e-5,
            "geometry.front_roughness": 4e-9,
            "crystallization.growth_factor": 1e-6,
            "conduction.amorphous_conductivity": 1e-3,
        },
        source="test",
    )
    first, last = onset(cell.parameters, -1.0), onset(cell.parameters, 1.0)
    current = np.linspace(0.6 * first, 1.3 * last, 31)
    found = programming_curve(current, swept(cell, current, 150))
    assert abs(found.melting_current - first) < 3 * found.melting_current_error
    assert abs(found["full_reset_current"].value - last) < 3 * found["full_reset_current"].error
    assert found.melting_current_error < 0.01 * first
    # 3 % of the thermal resistance and 3 % of the heater's radius differ from device to device
    assert found["melting_spread"].value == pytest.approx(0.03 * first, abs=3 * found["melting_spread"].error)


def test_thermal_resistance_of_our_own_cell_comes_back():
    cell = pcm.load_cell("ibm-90nm-doped-gst")
    current = np.linspace(40e-6, 600e-6, 29)
    found = programming_curve(current, swept(cell, current, 200))
    other = found.to_cell(cell.but({"heat.thermal_resistance": 0.5e6}, source="test"), "test")
    resistance = cell.parameters.heat.thermal_resistance
    assert other.parameters.heat.thermal_resistance == pytest.approx(resistance, rel=0.08)
    assert other.parameters.heat.thermal_resistance < resistance  # thin domes and regrowth, as its words say
    assert other.parameters.heat.on_voltage == cell.parameters.heat.on_voltage
    # a smooth front and a filament that fills: T_m - T = R_th P
    plain = cell.but({"heat.filling_current": 1e-6, "geometry.front_roughness": 0.0}, source="test").parameters
    at = onset(plain, 0.0)
    assert melted_share(0.97 * at, resistance, plain) == 0.0
    assert melted_share(1.01 * at, resistance, plain) == 1.0


def test_what_is_no_number_of_a_cell_is_said():
    cell, statistical = pcm.load_cell("ibm-90nm-doped-gst"), pcm.load_cell("ibm-90nm-statistical")
    reads = truth.curve(np.random.default_rng(2), rises=False)
    found = programming_curve(truth.CURRENT, reads)
    with pytest.raises(ParameterError, match="nothing that is a number of"):
        found.to_cell(statistical)
    with pytest.raises(ParameterError, match="over voltage"):
        programming_curve(1e4 * truth.CURRENT, reads, unit="V").to_cell(cell)
    with pytest.raises(ParameterError, match="does not determine a melting current"):
        programming_curve(truth.CURRENT[:9], reads[:9]).to_cell(cell)
    with pytest.raises(ParameterError, match="is the amplitude in A"):
        programming_curve(1e4 * truth.CURRENT, reads).to_cell(cell)


def test_it_shows_itself(tmp_path):
    found = programming_curve(truth.CURRENT, truth.curve(np.random.default_rng(10)))
    found.plot(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 30_000
    data = found.to_dataset()
    assert data.sizes["amplitude"] == 25
    np.testing.assert_allclose(data["mean"], found.levels.mean)
    np.testing.assert_allclose(data["fit"], found.curve(truth.CURRENT))
    assert data.sizes["read"] == 25 * 50
    data.to_netcdf(tmp_path / "curve.nc", engine="h5netcdf")
    flat = programming_curve(truth.CURRENT[:9], np.full(9, 1e-5))
    flat.plot(tmp_path / "flat.png")
    flat.to_dataset()


READS = truth.curve(np.random.default_rng(11))
BAD = [
    ({"conductance": READS[:5]}, r"conductance must be \(levels,\) or \(levels, devices\) for 25 amplitudes"),
    ({"amplitude": -truth.CURRENT}, r"amplitude must hold finite numbers in A within \[0"),
    ({"amplitude": truth.CURRENT[:6], "conductance": READS[:6]}, "at least 7 currents with a read; got 6"),
    ({"amplitude": truth.CURRENT[::3], "conductance": READS[::3]}, "9 levels are too few for the 9 numbers"),
    ({"conductance": np.where(READS > 3e-5, np.nan, READS)}, "missing='skip'"),
    ({"conductance": np.ma.masked_greater(READS, 3e-5)}, "missing='skip'"),
    ({"conductance": np.where(READS > 3e-5, 9.9e37, READS)}, "over-range"),
    ({"conductance": None}, "give conductance .* or resistance"),
    ({"resistance": 1 / READS}, "one of the two"),
    ({"conductance": None, "resistance": READS * 0.0}, "resistance must be above 0 ohm"),
    ({"device": np.arange(25)}, "each column is one"),
    ({"conductance": READS[:, 0], "device": np.arange(7)}, "the device of each of 25 reads"),
    ({"unit": "mA"}, "unit must be one of A, V"),
    ({"missing": "skp"}, "did you mean 'skip'"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_input_is_refused_in_words(change, words):
    given = {"amplitude": truth.CURRENT, "conductance": READS} | change
    with pytest.raises(ParameterError, match=words):
        programming_curve(**given)


def test_programming_says_what_it_needs():
    with pytest.raises(ParameterError, match="give amplitude of the levels"):
        programming(conductance=READS)
    with pytest.raises(ParameterError, match="memory is for trains"):
        programming(amplitude=truth.CURRENT, conductance=READS, memory=2.0)

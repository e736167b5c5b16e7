"""Where a sweep turns, switches and comes back: known sweeps, noise, testers' limits, voltages that snap back."""

from __future__ import annotations

import numpy as np
import pytest

from pcmphys.errors import ParameterError
from pcmphys.fit import IvOptions
from pcmphys.fit.iv.branches import branches
from pcmphys.fit.iv.input import Sweep
from tests.oracles.iv import Layer

LAYER = Layer(2e-8, threshold=1.05, series=1800.0)
GRID = np.linspace(0.0, 2.0, 81)


def swept(volts, amperes, **options):
    sweep = Sweep("", 300.0, np.nan, np.asarray(volts, float), np.asarray(amperes, float), 1.0, 0)
    return branches(sweep, IvOptions(**options))


def upwards(layer=LAYER, grid=GRID):
    return np.array(layer.up(list(grid), 300.0))


def loop(release=0.9, after=3e-8):
    """Up through the threshold and back: the on-state ends at a voltage, behind it the cell is another."""
    up = upwards()
    down = np.where(GRID[::-1] > release, up[::-1].max() * (GRID[::-1] - 0.8) / 1.2, after * GRID[::-1])
    return np.concatenate([GRID, GRID[::-1]]), np.concatenate([up, down])


def snapback(points=200):
    """Currents set, voltage measured over a cell: E3 of an on-state with a negative slope behind the threshold."""
    current = np.geomspace(1e-9, 4e-4, points)
    off = 0.26 * np.arcsinh(current / (2e-8 * 0.26))
    on = 0.8 + (1.05 - 0.8) / (1.0 + (current / 40e-6) ** 1.65)
    return np.minimum(off, on) + 200.0 * current, current


def test_a_sweep_without_switching_is_all_off():
    for volts in (GRID[:40], GRID[:40][::-1], np.concatenate([GRID[:40], GRID[:40][::-1]])):
        found = swept(volts, [LAYER.current(v, 300.0) for v in volts])
        assert found.off.all()
        assert not found.on.any()
        assert np.isnan(found.threshold)


def test_a_jump_is_the_threshold_to_its_step():
    found = swept(GRID, upwards())
    assert found.threshold == pytest.approx(1.0625)
    assert found.threshold_error == pytest.approx(0.025 / np.sqrt(12))
    np.testing.assert_array_equal(found.off, GRID < 1.06)
    np.testing.assert_array_equal(found.on, GRID > 1.06)


def test_behind_the_on_state_the_cell_is_another():
    volts, amperes = loop()
    found = swept(volts, amperes)
    assert found.threshold == pytest.approx(1.0625)
    assert found.off[:43].all()
    assert not found.off[43:].any()
    np.testing.assert_array_equal(found.on[81:], GRID[::-1] > 0.9)
    assert found.hold == pytest.approx((0.925, amperes[81 + 43]))


def test_a_cell_that_is_on_from_the_start_shows_where_it_ends():
    volts, amperes = loop()
    found = swept(volts[81:], amperes[81:])
    assert np.isnan(found.threshold)
    assert found.hold[0] == pytest.approx(0.925)
    np.testing.assert_array_equal(found.on, GRID[::-1] > 0.9)
    np.testing.assert_array_equal(found.off, GRID[::-1] <= 0.9)


def test_a_voltage_over_the_cell_snaps_back():
    volts, current = snapback()
    place = int(np.argmax(volts[:150]))
    found = swept(volts, current)
    assert found.threshold == pytest.approx(1.05, abs=0.01)
    assert 0.0 < found.threshold_error < 0.02
    np.testing.assert_array_equal(found.off, np.arange(current.size) < place)
    assert current[found.on].min() > 1e-4
    assert found.on[-1]
    both = swept(np.concatenate([volts, volts[::-1]]), np.concatenate([current, current[::-1]]))
    assert both.threshold == found.threshold
    assert np.isfinite(both.hold).all()


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_jump_and_hides_none(seed):
    rng = np.random.default_rng(seed)
    quiet = LAYER.but(conductance=2e-12, threshold=9.0)
    for layer, expected in ((quiet, np.nan), (LAYER, 1.0625)):
        noisy = upwards(layer) * (1 + 0.05 * rng.standard_normal(GRID.size)) + 1e-12 * rng.standard_normal(GRID.size)
        found = swept(GRID, noisy, floor=1e-12)
        assert found.threshold == pytest.approx(expected, nan_ok=True)


def test_a_steep_law_is_no_jump_on_a_coarse_grid():
    steep = Layer(1e-9, thickness=6e-9)
    volts = np.arange(0.1, 1.3, 0.1)  # the current rises by a factor 5 a step
    amperes = np.array([steep.current(v, 300.0) for v in volts])
    assert amperes[-1] > 4.5 * amperes[-2]
    assert swept(volts, amperes).off.all()


def test_points_at_a_limit_are_named_or_refused():
    amperes = np.minimum(upwards(), 2e-4)
    with pytest.raises(ParameterError, match=r"stands at 0\.0002 A for 33 points .* IvOptions\(compliance=0\.0002\)"):
        swept(GRID, amperes)
    found = swept(GRID, amperes, compliance=2e-4)
    assert found.limited.sum() == 33
    assert not (found.on & found.limited).any()
    assert found.threshold == pytest.approx(1.0625)
    at_once = np.minimum(upwards(), 5e-5)  # the jump ends at the limit
    found = swept(GRID, at_once, compliance=5e-5)
    assert found.threshold == pytest.approx(1.0625)
    assert not found.on.any()


def test_a_sweep_that_turns_often_is_refused():
    with pytest.raises(ParameterError, match="turns 3 times; give each up-and-down sweep by itself"):
        swept(np.concatenate([GRID, GRID[::-1]] * 2), np.tile(upwards(LAYER.but(threshold=9.0)), 4))


def test_noise_of_an_instrument_is_no_threshold():
    """Currents of a few noise sizes double and halve from point to point; None does not even look."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        volts = np.linspace(0.0, 0.35, 36)
        amperes = 1e-5 * volts + 5e-7 * rng.standard_normal(36)
        assert np.isnan(swept(volts, amperes, floor=3e-8).threshold)
    assert swept(GRID, upwards(), jump=None).off.all()

"""Intervals hold the truth as often as they say, for data of the slow twin with a tester's two errors.

Of n repeats a share of 68 % or 95 % has a standard deviation of sqrt(p (1 - p) / n): 1.5 and 0.7 points of 1000.
"""

from __future__ import annotations

import numpy as np
import pytest

from pcmphys.fit import IvOptions, iv
from pcmphys.fit.iv.onstate import line, on_state
from pcmphys.fit.iv.threshold import Switching, thresholds
from tests.fit.iv.data import FLOOR, KELVIN, RELATIVE, conductance_at, exact, noisy
from tests.oracles.iv import Layer

LAYER = Layer(2e-9, beside=2e-10, voltage_offset=0.01, current_offset=2e-11)
GRID = np.linspace(0.05, 1.0, 40)
TOLD = {"relative_error": RELATIVE, "floor": FLOOR, "below": "keep"}
FREE = ("parallel_conductance", "voltage_offset", "current_offset")
TRUTH = {
    "conductance": conductance_at(LAYER, 319.0), "thickness": 25e-9, "activation_energy": 0.4,
    "parallel_conductance": 2e-10, "voltage_offset": 0.01, "current_offset": 2e-11,
}  # fmt: skip
SIMPLE = Layer(2e-9)


def pulls(repeats, fit, truth, seed=0):
    """Distance of each parameter from the truth in its errors, (repeats, parameters)."""
    rng = np.random.default_rng(seed)
    found = np.empty((repeats, len(truth)))
    for k in range(repeats):
        result = fit(rng)
        found[k] = [(result[name].value - value) / result[name].error for name, value in truth.items()]
    return found


def inside(found):
    """Shares within one and two standard errors, (2, parameters)."""
    return np.stack([np.mean(np.abs(found) < size, axis=0) for size in (1.0, 2.0)])


def full(rng, **options):
    current = noisy(exact(LAYER, GRID), rng)
    return iv([GRID] * 3, current, temperature=KELVIN, hop_distance=5e-9,
              options=IvOptions(**TOLD | {"free": FREE} | options))  # fmt: skip


def found_errors(rng):
    return iv([GRID] * 3, noisy(exact(SIMPLE, GRID), rng), temperature=KELVIN, hop_distance=5e-9,
              options=IvOptions(floor=FLOOR, below="keep"))  # fmt: skip


def simple(rng):
    return iv([GRID] * 3, noisy(exact(SIMPLE, GRID), rng), temperature=KELVIN, hop_distance=5e-9,
              options=IvOptions(**TOLD))  # fmt: skip


def linear_twin(rng):
    """The wrong twin: currents weighted alike, as if their errors had one size, that of their scatter."""
    from scipy.optimize import curve_fit

    current = noisy(exact(SIMPLE, GRID), rng)
    kelvin = np.repeat(KELVIN, GRID.size)

    def law(v, g, u, energy):
        bend = 2 * 8.617333262e-5 * kelvin * u * 1e-9 / 5e-9
        return 1e-9 * g * np.exp(energy / 8.617333262e-5 * (1 / 319.0 - 1 / kelvin)) * bend * np.sinh(v / bend)

    start = [1e9 * conductance_at(SIMPLE, 319.0), 25.0, 0.4]
    best, covariance = curve_fit(law, np.tile(GRID, 3), current.reshape(-1), start)
    return best, np.sqrt(np.diag(covariance)), start


SIMPLE_TRUTH = {"conductance": conductance_at(SIMPLE, 319.0), "thickness": 25e-9, "activation_energy": 0.4}


@pytest.mark.slow
def test_a_quick_look():
    """60 repeats: 68 % +- 6.0 points and 95 % +- 2.7 of each parameter, within three of which they lie."""
    share = inside(pulls(60, simple, SIMPLE_TRUTH))
    np.testing.assert_allclose(share[0], np.full(3, 0.683), atol=0.18)
    np.testing.assert_allclose(share[1], np.full(3, 0.954), atol=0.081)


def test_the_wrong_twin_does_not_cover():
    """Least squares of the currents themselves: its intervals of 68 % hold the truth in fewer than 55 %."""
    rng = np.random.default_rng(1)
    rows = [linear_twin(rng) for _ in range(300)]
    held = np.array([np.abs(best - truth) < error for best, error, truth in rows]).mean(axis=0)
    assert held.min() < 0.55


@pytest.mark.slow
@pytest.mark.parametrize(("fit", "truth"), [(full, TRUTH), (simple, SIMPLE_TRUTH), (found_errors, SIMPLE_TRUTH)])
def test_intervals_of_the_law_cover(fit, truth):
    share = inside(pulls(1000, fit, truth))
    np.testing.assert_allclose(share, np.broadcast_to([[0.683], [0.954]], share.shape), atol=0.03)


def one_threshold(rng, thick, scatter=0.02, step=0.025):
    """Thresholds of cells of different thickness that scatter, each seen by a sweep whose grid begins anywhere."""
    truth = 0.37 + 31.5e6 * thick + scatter * rng.standard_normal(thick.size)
    first = step * rng.random(thick.size)
    seen = first + step * (np.floor((truth - first) / step) + 0.5)
    size = np.full(thick.size, step / np.sqrt(12))
    return Switching(seen, size, np.full(thick.size, 300.0), thick, np.zeros(thick.size), np.arange(thick.size))


def distances(part, truth):
    return [(one.value - truth[one.name]) / one.error for one in part.estimates]


@pytest.mark.slow
def test_intervals_of_threshold_field_and_offset_cover():
    rng, thick = np.random.default_rng(3), np.linspace(18e-9, 45e-9, 16)
    truth = {"threshold_offset": 0.37, "threshold_field": 31.5e6}
    share = inside(np.array([distances(thresholds(one_threshold(rng, thick), 300.0), truth) for _ in range(1000)]))
    np.testing.assert_allclose(share, np.broadcast_to([[0.683], [0.954]], share.shape), atol=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("told", [True, False])
def test_intervals_of_the_on_state_cover(told):
    """One sweep, both errors of its currents; and 10 mV of its voltages where they are told."""
    rng = np.random.default_rng(4)
    volts, current = np.linspace(1.1, 2.0, 37), (np.linspace(1.1, 2.0, 37) - 0.8) / 2000.0
    known = {"relative_error": RELATIVE, "floor": FLOOR, "voltage_error": 0.01} if told else {}
    options = IvOptions(series_resistance=1800.0, **known)
    rows = []
    for _ in range(1000):
        shown = volts + 0.01 * told * rng.standard_normal(volts.size)
        part = on_state([line(shown, noisy(current, rng), options)], (1800.0, 0.0), True)
        rows.append(distances(part, {"hold_voltage": 0.8, "on_resistance": 200.0}))
    share = inside(np.array(rows))
    np.testing.assert_allclose(share, np.broadcast_to([[0.683], [0.954]], share.shape), atol=0.03)

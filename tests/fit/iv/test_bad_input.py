"""What is no I-V, or not in its unit, is refused in words; what a policy leaves out is counted."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pcmphys.errors import ParameterError
from pcmphys.fit import IvOptions, PooleLaw, iv
from tests.fit.iv.data import exact, noisy
from tests.oracles.iv import Layer

GRID = np.linspace(0.02, 1.0, 50)
V = np.tile(GRID, (2, 1))
LAYER = Layer(2e-9)
SWITCHING = LAYER.but(threshold=1.05, series=1800.0)
WIDE = np.linspace(0.0125, 2.0, 80)
KELVIN = (300.0, 340.0)
CURRENT = exact(LAYER, GRID, KELVIN)
GOOD = {"voltage": V, "current": CURRENT, "temperature": KELVIN}


def with_element(array, value, place=(1, 7)):
    changed = np.array(array)
    changed[place] = value
    return changed


BAD = [
    ({"voltage": 1e3 * V}, "voltage must be in V, within +-100 V; the largest is 1000 V. Did you mean 1 V (1000 mV)?"),
    ({"current": 1e9 * CURRENT}, "current must be in A, within +-0.1 A; the largest is"),
    ({"voltage": V[0]}, "voltage and current must have the same shape; got 50 and 50, 50 points"),
    ({"voltage": V[:, :-1]}, "must have the same shape"),
    ({"voltage": [GRID, GRID[:-1]], "current": list(CURRENT)}, "must have the same shape; got 50, 49 and 50, 50"),
    ({"voltage": with_element(V, np.nan)}, "finite numbers"),
    ({"current": np.ma.masked_less(CURRENT, 1e-10)}, "masked"),
    ({"current": with_element(CURRENT, 9.9e37)}, "tester's mark"),
    ({"current": [["1", "2"]]}, "array of real numbers"),
    ({"voltage": V[:, :2], "current": CURRENT[:, :2]}, "sweep 0 has 2 points; an I-V needs at least 3"),
    ({"current": with_element(CURRENT, 1e-9, (0, slice(None)))}, "sweep 0: current is constant, 1e-09 A"),
    ({"voltage": with_element(V, 0.2, (1, slice(None)))}, "sweep 1: voltage is constant, 0.2 V"),
    ({"temperature": 25.0}, "got 25 K: did you mean 298.15 K (25 degC)?"),
    ({"temperature": (25.0, 85.0)}, "IvOptions(cold=True)"),
    ({"temperature": -40.0}, "got -40 K: did you mean 233.15 K (-40 degC)?"),
    ({"temperature": 3e3}, "at most 1500"),
    ({"temperature": (300.0, 310.0, 320.0)}, "one for each of 2 sweeps, or one a point; got shape (3,)"),
    ({"temperature": np.linspace(300, 340, 100).reshape(2, 50)}, "sweep 0: its temperature goes from 300 to 319.798 K"),
    ({"thickness": 25.0}, "did you mean 2.5e-08 m (25 nm)?"),
    ({"thickness": 0.0}, "thickness must be above 0 m"),
    ({"thickness": (1e-8, 2e-8, 3e-8)}, "one for each of 2 sweeps; got 3"),
    ({"hop_distance": 5.0}, "did you mean 5e-09 m (5 nm)?"),
    ({"law": "pool"}, "did you mean 'poole'?"),
    ({"law": "ohmic", "hop_distance": 5e-9}, "hop_distance belongs to the law 'poole'"),
    ({"law": PooleLaw(5e-9), "hop_distance": 5e-9}, "given twice"),
    ({"options": {"floor": 1e-12}}, "options must be of pcmphys.fit.IvOptions; got a dict"),
    ({"options": IvOptions(device=["a"])}, "a label for each of 2 sweeps; got 1"),
    ({"options": IvOptions(device=["a", "a"]), "thickness": (1e-8, 2e-8)}, "device 'a' has 2 thicknesses"),
    (
        {
            "voltage": [GRID] * 65,
            "current": [CURRENT[0]] * 65,
            "temperature": 300.0,
            "options": IvOptions(device=range(65)),
        },
        "65 devices are too many to be fitted together; at most 64",
    ),
    ({"options": IvOptions(largest_voltage=0.03)}, "2 points are left below threshold; the law needs at least 4"),
    ({"current": with_element(CURRENT, -1e-12)}, "sweep 1: a current is against its voltage: -1e-12 A at 0.16 V"),
    ({"current": with_element(CURRENT, 0.0)}, "IvOptions: floor=... and below='keep'"),
    ({"options": IvOptions(floor=1e-10)}, "a current is below the floor"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words[:50] for _, words in BAD])
def test_bad_input_is_refused_in_words(change, words):
    with pytest.raises(ParameterError, match=re.escape(words)):
        iv(**(GOOD | change))


BAD_OPTIONS = [
    ({"below": "kep"}, "did you mean 'keep'"),
    ({"below": "keep"}, "below='keep' needs floor"),
    ({"free": "serie_resistance"}, "did you mean 'series_resistance'"),
    ({"relative_error": 0.0}, r"relative_error must be a number within \(0, 1\]"),
    ({"relative_error": 2.0}, "relative_error"),
    ({"floor": -1e-12}, "floor must be a number in A"),
    ({"compliance": 0.0}, "compliance must be a number in A"),
    ({"series_resistance": -1.0}, "series_resistance must be a number in ohm"),
    ({"series_activation": np.nan}, "series_activation"),
    ({"jump": 1.0}, "jump"),
    ({"loss": "hubert"}, "did you mean 'huber'"),
    ({"cold": 1}, "cold must be True or False"),
    ({"device": "abc"}, "device must be a sequence"),
]


@pytest.mark.parametrize(("change", "words"), BAD_OPTIONS, ids=[words for _, words in BAD_OPTIONS])
def test_bad_options_are_refused_in_words(change, words):
    with pytest.raises(ParameterError, match=words):
        IvOptions(**change)


def test_all_points_beyond_the_threshold():
    grid = np.linspace(1.1, 2.0, 40)
    current = 5e-4 * (grid - 0.8)
    grid, current = np.concatenate([grid[::-1], [0.7, 0.4]]), np.concatenate([current[::-1], [1e-9, 6e-10]])
    with pytest.raises(ParameterError, match=r"2 points are left below threshold \(1 of 1 sweeps are beyond"):
        iv(grid, current, temperature=300.0)


def test_a_device_without_points_below_threshold_is_named():
    grid = np.append(np.linspace(2.0, 0.85, 40), 0.0)
    down = np.append(5e-4 * (grid[:-1] - 0.8), 1e-12)
    with pytest.raises(ParameterError, match="device 'b' has no points below threshold"):
        iv([WIDE, grid], [exact(SWITCHING, WIDE, (300.0,))[0], down], temperature=300.0,
           options=IvOptions(device=["a", "b"]))  # fmt: skip


def test_what_is_left_out_is_counted():
    rng = np.random.default_rng(0)
    current = noisy(np.minimum(exact(SWITCHING, WIDE, KELVIN), 4e-4), rng, 0.0, 3e-12)
    grid = np.tile(WIDE, (2, 1))
    grid[:, 0] = 0.0
    current[:, 0] = 0.0
    current[1, 1] = -1e-13
    options = {"compliance": 4e-4, "floor": 3e-12, "relative_error": 0.02}
    found = iv(grid, current, temperature=KELVIN, options=IvOptions(below="drop", largest_voltage=0.9, **options))
    for words in (
        "2 points at no voltage are left out",
        "points with currents below the floor, which biases what is left upwards are left out",
        "points of the off-state above largest_voltage are left out",
        "points at the tester's limit are left out",
    ):
        assert words in found.summary()
    counted = sum((one.branch != "off").sum() for one in found.sweeps)
    assert counted == found.sweeps[0].voltage.size * 2 - found.goodness.count
    kept = iv(grid, current, temperature=KELVIN, options=IvOptions(below="keep", **options))
    assert "below the floor" not in kept.summary()
    assert kept.goodness.count > found.goodness.count
    limit = next(words for words in kept.notes if "limit" in words)
    assert int(limit.split()[0]) == sum((one.branch == "limited").sum() for one in kept.sweeps)


def test_cold_temperatures_may_be_meant():
    current = exact(LAYER.but(activation=0.02), GRID, (80.0, 90.0))
    found = iv(V, current, temperature=(80.0, 90.0), options=IvOptions(cold=True))
    assert found["activation_energy"].value == pytest.approx(0.02)


def test_arrays_are_left_as_they_are():
    voltage, current = V.copy(), -CURRENT
    found = iv(-voltage, current, temperature=KELVIN)
    np.testing.assert_array_equal(current, -CURRENT)
    assert found["hops"].value == pytest.approx(5.0)
    np.testing.assert_array_equal(found.sweeps[1].current, current[1])
    np.testing.assert_allclose(found.sweeps[1].fit, current[1], rtol=1e-6)
    listed = iv([list(one) for one in voltage], [list(one) for one in CURRENT], temperature=list(KELVIN))
    assert listed.values == iv(voltage, CURRENT, temperature=KELVIN).values

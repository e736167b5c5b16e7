"""Numbers of layers and of cells come back from their I-V curves; what cannot is said."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.fit import IvFit, IvOptions, PooleDomeLaw, PooleFrenkelLaw, PooleLaw, iv
from pcmphys.fit.iv.combine import mean_of
from pcmphys.physics.relaxation import drift_exponent, order_of
from pcmphys.physics.state import DOME_DRIFT, RADIUS
from tests.fit.iv.data import FLOOR, KELVIN, RELATIVE, conductance_at, exact, noisy
from tests.fit.iv.test_branches import loop, snapback
from tests.oracles.iv import Layer

DATA = pathlib.Path(__file__).parents[3] / "data"
GRID = np.linspace(0.02, 1.0, 50)
ON_GRID = np.linspace(0.0125, 2.0, 80)
LAYER = Layer(2e-9, series=1800.0)
SWITCHING = LAYER.but(threshold=1.05, threshold_slope=4e-3)
TOLD = {"relative_error": RELATIVE, "floor": FLOOR, "below": "keep", "series_resistance": 1800.0}


def sweeps(layer=LAYER, grid=GRID, kelvin=KELVIN, seed=0, **noise):
    current = noisy(exact(layer, grid, kelvin), np.random.default_rng(seed), **noise)
    return np.broadcast_to(grid, current.shape), current


def holds(fit, **truth):
    for name, value in truth.items():
        one = fit[name]
        assert 0.0 < one.error < 0.5 * abs(value)
        assert abs(one.value - value) < 4.0 * one.error, (name, one, value)


def test_a_layer_comes_back_with_its_numbers():
    found = iv(*sweeps(), temperature=KELVIN, hop_distance=5e-9, options=IvOptions(**TOLD))
    assert isinstance(found, IvFit)
    at = found.reference_temperature
    holds(found, conductance=conductance_at(LAYER, at), thickness=25e-9, activation_energy=0.4)
    assert found.undetermined == ()
    assert found.goodness.p > 1e-3
    assert found.relative_error == RELATIVE
    assert not np.isfinite(found.threshold_voltage).any()
    law = np.array([LAYER.current(v, 310.0) for v in (-0.5, 0.3)])
    np.testing.assert_allclose(found([-0.5, 0.3], 310.0), law, rtol=0.02)
    # with the thickness instead, the hop distance; with both, only conductance and energy are left
    thick = iv(*sweeps(), temperature=KELVIN, thickness=25e-9, options=IvOptions(**TOLD))
    holds(thick, hop_distance=5e-9)
    both = iv(*sweeps(), temperature=KELVIN, thickness=25e-9, hop_distance=5e-9, options=IvOptions(**TOLD))
    assert set(both.values) == {"conductance", "activation_energy"}


def test_one_sweep_tells_a_ratio_only_and_says_so():
    found = iv(*(one[0] for one in sweeps()), temperature=300.0, options=IvOptions(**TOLD))
    holds(found, hops=5.0, conductance=conductance_at(LAYER, 300.0))
    assert set(found.values) == {"conductance", "hops"}
    assert found.undetermined == (
        "thickness and hop_distance each by itself: an I-V shows only their ratio, hops; give one of them",
    )
    assert "300 K is assumed" in iv(*(one[0] for one in sweeps()), options=IvOptions(**TOLD)).summary()


def test_errors_of_currents_are_found_where_none_are_given():
    for floor in (0.0, FLOOR):
        options = IvOptions(**TOLD | {"relative_error": None} if floor else {"series_resistance": 1800.0})
        found = iv(*sweeps(floor=floor), temperature=KELVIN, hop_distance=5e-9, options=options)
        assert found.relative_error == pytest.approx(RELATIVE, rel=0.25)
        told = iv(*sweeps(floor=floor), temperature=KELVIN, hop_distance=5e-9,
                  options=IvOptions(**TOLD | {"floor": floor or 1e-16}))  # fmt: skip
        assert found["thickness"].error == pytest.approx(told["thickness"].error, rel=0.3)
        assert found["thickness"].value == pytest.approx(told["thickness"].value, abs=0.2 * told["thickness"].error)
        assert np.isnan(found.goodness.p)


def test_offsets_and_paths_beside_the_layer_are_found_too():
    layer = LAYER.but(beside=2e-10, voltage_offset=0.01, current_offset=2e-11)
    free = ("parallel_conductance", "voltage_offset", "current_offset")
    found = iv(*sweeps(layer), temperature=KELVIN, thickness=25e-9, options=IvOptions(free=free, **TOLD))
    holds(found, hop_distance=5e-9, parallel_conductance=2e-10, activation_energy=0.4)
    for name, truth in (("voltage_offset", 0.01), ("current_offset", 2e-11)):
        assert abs(found[name].value - truth) < 4 * found[name].error
    # left out they spoil the fit, which the chance of chi2 and the neighbours of each point tell
    spoiled = iv(*sweeps(layer), temperature=KELVIN, thickness=25e-9, options=IvOptions(**TOLD))
    assert spoiled.goodness.p < 1e-6
    assert "neighbouring residuals go together" in spoiled.summary()


def test_a_series_resistance_is_found_where_it_bends_the_curve():
    layer = Layer(2e-6, series=2e4)
    options = IvOptions(relative_error=RELATIVE, free=("series_resistance",))
    found = iv(*sweeps(layer, floor=0.0), temperature=KELVIN, hop_distance=5e-9, options=options)
    holds(found, series_resistance=2e4, thickness=25e-9, conductance=conductance_at(layer, found.reference_temperature))
    # 1.8 kohm before a teraohm do not show
    found = iv(*sweeps(floor=0.0, kelvin=(300.0,)), temperature=300.0, hop_distance=5e-9, options=options)
    one = found["series_resistance"]
    assert one.bound == "low" or one.error > 1e5


def test_both_polarities_are_taken_apart():
    grid = np.linspace(-0.8, 0.8, 81)
    current = np.array([LAYER.but(current_offset=2e-11).current(v, 300.0) for v in grid])
    current = noisy(current, np.random.default_rng(2))
    found = iv(grid, current, temperature=300.0, hop_distance=5e-9,
               options=IvOptions(**TOLD, free="current_offset"))  # fmt: skip
    holds(found, thickness=25e-9, current_offset=2e-11)
    assert [one.voltage[0] < 0 for one in found.sweeps] == [True, False]
    np.testing.assert_array_equal(np.concatenate([one.voltage for one in found.sweeps]), grid)
    assert "its 2 parts are taken as sweeps" in found.summary()


@pytest.mark.parametrize("known", ["thickness", "material"])
def test_poole_and_frenkel(known):
    layer = Layer(2e-9, law="poole-frenkel", permittivity=12.0)
    law = PooleFrenkelLaw() if known == "thickness" else PooleFrenkelLaw(12.0)
    data = sweeps(layer)
    options = IvOptions(**TOLD | {"series_resistance": 0.0})
    found = iv(*data, temperature=KELVIN, law=law, thickness=25e-9 if known == "thickness" else None, options=options)
    holds(found, activation_energy=0.4, **({"permittivity": 12.0} if known == "thickness" else {"thickness": 25e-9}))
    ratio = iv(*data, temperature=KELVIN, law="poole-frenkel", options=options)
    holds(ratio, permittivity_thickness=3e-7)
    assert "their product, permittivity_thickness" in ratio.undetermined[0]
    # the other law does not hold, and the other way round
    assert iv(*data, temperature=KELVIN, options=options).goodness.p < 1e-6
    assert iv(*sweeps(), temperature=KELVIN, law="poole-frenkel", options=options).goodness.p < 1e-6


def test_a_dome_needs_a_length():
    law = PooleDomeLaw(heater_radius=20e-9)
    scale = PooleLaw().scale(5.0, 300.0)
    shape = law.shape(GRID / scale, np.full(GRID.size, 25e-9))[0]
    current = noisy(2e-9 * scale * shape, np.random.default_rng(1))
    found = iv(GRID, current, temperature=300.0, hop_distance=5e-9, law=law, options=IvOptions(**TOLD))
    holds(found, thickness=25e-9)
    plane = iv(GRID, current, temperature=300.0, hop_distance=5e-9, options=IvOptions(**TOLD))
    assert plane["thickness"].value + 4 * plane["thickness"].error < 25e-9
    with pytest.raises(ParameterError, match="'poole-dome' needs the thickness, or its hop_distance"):
        iv(GRID, current, temperature=300.0, law=law)


def test_an_ohmic_current_does_not_tell_hops():
    options = IvOptions(relative_error=0.01)
    for seed, words in ((1, "use law='ohmic'"), (3, ".interval('hops') tells how far it may be")):
        current = noisy(1e-5 * GRID, np.random.default_rng(seed), relative=0.01)
        found = iv(GRID, current, temperature=300.0, options=options)
        assert words in found.summary()
    assert found["hops"].bound == ""
    low, high = found.interval("hops")
    assert 10.0 < low < found["hops"].value - 0.5 * found["hops"].error
    assert high == pytest.approx(found["hops"].high)  # open
    ohmic = iv(GRID, current, temperature=300.0, law="ohmic", options=IvOptions(relative_error=0.01))
    holds(ohmic, conductance=1e-5)
    assert ohmic.undetermined == ()


def test_devices_have_thicknesses_of_their_own():
    layers = [LAYER.but(thickness=u, conductance=2e-9 * 25e-9 / u) for u in (18e-9, 25e-9, 33e-9)]
    rng = np.random.default_rng(4)
    current = [row for layer in layers for row in noisy(exact(layer, GRID), rng)]
    labels = np.repeat(["thin", "mean", "thick"], 3)
    found = iv([GRID] * 9, current, temperature=KELVIN * 3, hop_distance=5e-9,
               options=IvOptions(device=labels, **TOLD))  # fmt: skip
    assert found.devices == ("thin", "mean", "thick")
    holds(found, thickness_1=18e-9, thickness_2=25e-9, thickness_3=33e-9, activation_energy=0.4)
    np.testing.assert_allclose(found(0.5, 300.0, "thick"), layers[2].current(0.5, 300.0), rtol=0.02)
    # thicknesses that are given make devices by themselves, with one hop distance
    given = iv([GRID] * 9, current, temperature=KELVIN * 3, thickness=np.repeat([18e-9, 25e-9, 33e-9], 3),
               options=IvOptions(**TOLD))  # fmt: skip
    holds(given, hop_distance=5e-9, conductance_2=conductance_at(layers[1], given.reference_temperature))
    assert given.devices == ("18nm", "25nm", "33nm")


def test_threshold_and_on_state_come_back():
    found = iv(*sweeps(SWITCHING, ON_GRID), temperature=KELVIN, hop_distance=5e-9, options=IvOptions(**TOLD))
    at = found.reference_temperature
    holds(found, thickness=25e-9, hold_voltage=0.8, on_resistance=200.0, temperature_slope=4e-3,
          threshold_field=1.05 / 25e-9 * np.exp(-4e-3 * (at - 300.0)))  # fmt: skip
    for one, kelvin in zip(found.sweeps, KELVIN):
        truth = SWITCHING.threshold_at(kelvin, 300.0)
        assert abs(one.threshold_voltage - truth) < 0.5 * (ON_GRID[1] - ON_GRID[0]) + 1e-3
        assert one.threshold_error == pytest.approx((ON_GRID[1] - ON_GRID[0]) / np.sqrt(12))
        np.testing.assert_array_equal(one.branch == "on", one.voltage > one.threshold_voltage)
    assert found.on_current(1.8) == pytest.approx(5e-4, rel=0.01)
    assert np.isnan(found.on_current(0.7))
    # without the load's resistance it is part of the on-state's
    whole = iv(*sweeps(SWITCHING, ON_GRID), temperature=KELVIN, options=IvOptions(**TOLD | {"series_resistance": 0.0}))
    holds(whole, on_resistance=2000.0)
    assert "no series resistance is known to be taken off" in whole.summary()


def test_thresholds_of_thicknesses_give_field_and_offset():
    rng = np.random.default_rng(6)
    thick = np.linspace(18e-9, 45e-9, 12)
    rows, scatter = [], 0.03
    for u in thick:
        threshold = 0.37 + 31.5e6 * u + scatter * rng.standard_normal()
        layer = LAYER.but(thickness=u, threshold=threshold, conductance=2e-9 * 25e-9 / u)
        rows.append(noisy(np.array(layer.up(list(ON_GRID), 300.0)), rng))
    found = iv([ON_GRID] * 12, rows, temperature=300.0, thickness=thick, options=IvOptions(**TOLD))
    holds(found, threshold_offset=0.37, threshold_field=31.5e6, hop_distance=5e-9)
    assert "scatter by" in found.summary()
    # as if each was known to its step: errors far too small, which the fit sees
    naive = np.polyfit(thick, found.threshold_voltage, 1, w=1 / np.full(12, 0.0073), cov="unscaled")[1]
    assert found["threshold_field"].error > 2.5 * np.sqrt(naive[0, 0])
    # thicknesses that are found, not given, bring their errors along
    fitted = iv([ON_GRID] * 12, rows, temperature=300.0, hop_distance=5e-9,
                options=IvOptions(device=range(12), **TOLD))  # fmt: skip
    holds(fitted, threshold_offset=0.37, threshold_field=31.5e6)


def test_a_mean_counts_what_scatters_beyond_the_errors():
    values = np.array([1.0, 1.1, 0.9, 1.05])
    exact_errors = mean_of(values, np.full(4, 0.2))
    assert exact_errors.between == 0.0
    assert exact_errors.error == pytest.approx(0.1)
    assert not exact_errors.seen
    scattered = mean_of(values, np.full(4, 1e-3))
    assert scattered.error == pytest.approx(values.std(ddof=1) / 2, rel=1e-3)
    assert scattered.value == pytest.approx(values.mean())
    assert scattered.seen


def test_a_bent_on_state_is_called_so():
    current = np.linspace(20e-6, 4e-4, 40)
    volts = 0.8 + 0.4 / (1.0 + (current / 40e-6) ** 1.65) + 2000.0 * current
    off = np.linspace(0.02, 1.0, 50)
    low = np.array([Layer(2e-9).current(v, 300.0) for v in off])
    order = np.argsort(volts)
    grid = np.concatenate([off, volts[order][volts[order] > 1.02]])
    found = iv(grid, np.concatenate([low, current[order][volts[order] > 1.02]]), temperature=300.0,
               options=IvOptions(relative_error=0.002))  # fmt: skip
    assert "the on-state is no straight line" in found.summary()
    # behind its negative slope the line is what it should be
    later = iv(grid, np.concatenate([low, current[order][volts[order] > 1.02]]), temperature=300.0,
               options=IvOptions(relative_error=0.002, least_on_current=2e-4))  # fmt: skip
    assert abs(later["hold_voltage"].value - 0.8) < 0.5 * abs(found["hold_voltage"].value - 0.8)
    assert min(one.current[one.branch == "on"].min() for one in later.sweeps) >= 2e-4


def test_where_the_on_state_ends_is_told():
    volts, amperes = loop()
    found = iv(volts, amperes, temperature=300.0, hop_distance=5e-9, options=IvOptions(series_resistance=1800.0))
    last = found.sweeps[0].hold
    assert last == pytest.approx((0.925, 0.125 / 1.2 * amperes.max()))
    assert f"the on-state ends below 0.925 V and {last[1]:.4g} A, the last point before" in found.summary()
    assert "points in the snapback, below least_on_current, or after the on-state" in found.summary()


def test_a_set_current_shows_the_snapback_and_its_line():
    volts, current = snapback()
    noise = 1e-3 * np.random.default_rng(0).standard_normal(volts.size)
    options = IvOptions(least_on_current=2e-4)
    found = iv(volts + noise * (current > 1e-4), current, temperature=300.0, hop_distance=5e-9, options=options)
    assert found["threshold_voltage"].value == pytest.approx(1.05, abs=0.01)
    assert found["hold_voltage"].value == pytest.approx(0.8, abs=0.05)
    assert 100.0 < found["on_resistance"].value < 300.0
    # where the voltage only falls there is no line, and that is said
    falling = current < 8e-5
    none = iv(volts[falling], current[falling], temperature=300.0, hop_distance=5e-9)
    assert "hold_voltage" not in none.values
    assert "1 of 1 on-states have no line" in none.summary()
    assert none["threshold_voltage"].value == pytest.approx(found["threshold_voltage"].value)


def cell_sweeps(cell, kelvin, grid, seed, relative=0.01):
    """Sweeps of one device of a cell after a melt-quench and 1000 s, and a look at it."""
    devices = cell.population(1, seed=seed)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    devices.wait(1000.0)
    looks = [devices.now(t) for t in kelvin]
    current = np.array([[float(look.current(np.array([v]), warn=False)[0][0]) for v in grid] for look in looks])
    return noisy(current, np.random.default_rng(seed), relative, 0.0), looks[0]


def even_cell():
    """The cell with domes as thick all around: the law then is that of its sectors, films in series apart."""
    even = {"geometry.front_roughness": 0.0, "conduction.texture_spread": 0.0}
    return pcm.load_cell("ibm-90nm-doped-gst").but(even, source="even")


def test_a_cell_of_ours_gives_back_its_numbers():
    cell = even_cell()
    grid, kelvin, p = np.linspace(0.02, 0.8, 40), (280.0, 300.0, 320.0, 340.0), cell.parameters
    current, look = cell_sweeps(cell, kelvin, grid, 1)
    dz, state = p.conduction.hopping.hop_distance, look.state
    law = PooleDomeLaw(heater_radius=float(p.geometry.heater_radius * state.device[0, RADIUS]))
    options = IvOptions(relative_error=0.01, series_resistance=p.conduction.series_resistance)
    told = {"temperature": kelvin, "law": law, "options": options}
    found = iv([grid] * 4, current, hop_distance=dz, **told)
    thick = float(look.amorphous_thickness.mean())
    assert found["thickness"].value == pytest.approx(thick, rel=0.01)
    assert found.goodness.p > 1e-3
    # a plane layer is another law: it bends earlier as a whole, which only a thinner one does
    plane = iv([grid] * 4, current, hop_distance=dz, **told | {"law": "poole"})
    assert plane["thickness"].value + 4 * plane["thickness"].error < 0.99 * thick
    assert plane.goodness.p < 1e-6
    # the glass as old as it is: drift adds nu E_s (S_0 - S) to the activation energy
    r = p.pack().relaxation
    nu = np.mean([drift_exponent(r.dome_exponent, state.device[0, DOME_DRIFT], z, r) for z in state.deviate[0, 0]])
    energy = p.conduction.amorphous_activation
    energy += nu * p.relaxation.barrier * (r.initial - order_of(float(state.age[0, 0]), r))
    assert found["activation_energy"].value == pytest.approx(energy, abs=0.005)
    hops = iv([grid] * 4, current, thickness=thick, **told)
    assert hops["hop_distance"].value == pytest.approx(dz, rel=0.01)
    another = cell.but({"conduction.hopping.hop_distance": 7e-9}, source="another")
    changed = hops.to_cell(another, source="our own sweeps")
    assert changed.parameters.conduction.hopping.hop_distance == hops["hop_distance"].value
    assert changed.parameters.conduction.amorphous_activation == hops["activation_energy"].value


def test_a_fit_brings_its_law_to_a_cell():
    """Which law a cell conducts by is a result of the fit too, in both directions."""
    cell, layer = pcm.load_cell("ibm-90nm-doped-gst"), Layer(2e-9, law="poole-frenkel", permittivity=12.0)
    told = {"temperature": KELVIN, "options": IvOptions(**TOLD | {"series_resistance": 0.0})}
    emitted = iv(*sweeps(layer), law="poole-frenkel", thickness=25e-9, **told).to_cell(cell, source="sweeps")
    conduction = emitted.parameters.conduction
    assert conduction.hopping is None
    assert conduction.poole_frenkel.permittivity == pytest.approx(12.0, rel=0.01)
    assert conduction.poole_frenkel.trap_distance == cell.parameters.conduction.hopping.hop_distance
    trap = emitted.technology.quantities["conduction.poole_frenkel.trap_distance"]
    assert (trap.kind, trap.note) == ("assumed", "the hop distance that the cell had")
    assert "conduction.hopping.hop_distance" not in emitted.technology.quantities
    # a permittivity that is known makes the law too, where the cell has another
    known = iv(*sweeps(layer), law=PooleFrenkelLaw(12.0), **told)
    assert known.to_cell(cell).parameters.conduction.poole_frenkel.permittivity == 12.0
    back = iv(*sweeps(), temperature=KELVIN, thickness=25e-9, options=IvOptions(**TOLD)).to_cell(emitted)
    assert back.parameters.conduction.poole_frenkel is None
    assert back.parameters.conduction.hopping.hop_distance == pytest.approx(5e-9, rel=0.01)
    # a ratio alone tells nothing that a cell has
    ratio = iv(*sweeps(), temperature=KELVIN, options=IvOptions(**TOLD))
    assert ratio.to_cell(cell).parameters.conduction.hopping == cell.parameters.conduction.hopping


def test_a_cell_of_the_other_law_gives_it_back():
    """An even dome of a cell that emits from traps, before which films are nothing."""
    emitting = {"poole_frenkel.permittivity": 12.0, "poole_frenkel.trap_distance": 6e-9, "amorphous_conductivity": 0.03}
    cell = even_cell().but({f"conduction.{key}": value for key, value in emitting.items()}, source="emission")
    grid, kelvin = np.linspace(0.02, 0.4, 40), (300.0, 340.0)
    current, look = cell_sweeps(cell, kelvin, grid, 1)
    thick = float(look.amorphous_thickness.mean())
    options = IvOptions(relative_error=0.01, series_resistance=cell.parameters.conduction.series_resistance)
    told = {"temperature": kelvin, "thickness": thick, "options": options}
    found = iv([grid] * 2, current, law="poole-frenkel", **told)
    # a plane layer of the same thickness: the crowding at the heater is felt as a lower permittivity
    assert 0.85 * 12.0 < found["permittivity"].value < 12.0
    hops = iv([grid] * 2, current, law="poole", **told)
    assert found.goodness.chi2 < 0.1 * hops.goodness.chi2


def test_a_rough_dome_is_called_so():
    cell = pcm.load_cell("ibm-90nm-doped-gst")
    grid, kelvin = np.linspace(0.02, 0.8, 40), (280.0, 320.0)
    current, look = cell_sweeps(cell, kelvin, grid, 1)
    found = iv([grid] * 2, current, temperature=kelvin, hop_distance=cell.parameters.conduction.hopping.hop_distance,
               options=IvOptions(relative_error=0.01, series_resistance=2000.0))  # fmt: skip
    rim = look.amorphous_thickness[0]
    assert rim.min() < found["thickness"].value < rim.mean()
    assert found.goodness.p < 1e-6
    assert "neighbouring residuals go together" in found.summary()


def test_a_switching_fit_becomes_a_cell():
    cell = pcm.load_cell("ibm-90nm-doped-gst")
    found = iv(*sweeps(SWITCHING, ON_GRID), temperature=KELVIN, hop_distance=5e-9, options=IvOptions(**TOLD))
    mine = found.to_cell(cell)
    assert mine.parameters.heat.on_voltage == found["hold_voltage"].value
    assert mine.parameters.heat.on_resistance == found["on_resistance"].value
    field = found["threshold_field"].value
    rise = mine.parameters.switching.reference_temperature - found.reference_temperature
    shifted = field * np.exp(-found["temperature_slope"].value * rise)
    assert mine.parameters.switching.threshold_field == pytest.approx(shifted)
    assert shifted == pytest.approx(1.05 / 25e-9, rel=0.02)
    with pytest.raises(ParameterError, match="has nothing that is a number"):
        found.to_cell(pcm.load_cell("ibm-90nm-statistical"))


def test_a_table_of_a_file_is_taken_apart_into_sweeps():
    table = pcm.fit.read_table(DATA / "iv-synthetic" / "sweeps.csv")
    options = IvOptions(floor=1e-11, below="keep", series_resistance=1800.0, free="current_offset")
    found = iv(table, hop_distance=6e-9, options=options)
    assert [round(one.temperature, 2) for one in found.sweeps] == [298.15, 318.15, 338.15]
    holds(found, thickness=25e-9, activation_energy=0.4, hold_voltage=0.8, on_resistance=200.0,
          temperature_slope=6.2e-3, threshold_field=1.13 / 25e-9 * np.exp(-6.2e-3 * 17))  # fmt: skip
    assert np.sign(found["current_offset"].value) == 1
    rows = [table["temperature"] == t for t in dict.fromkeys(table["temperature"])]
    volts, amperes, kelvin = ([table[name][one] for one in rows] for name in ("voltage", "current", "temperature"))
    listed = iv(volts, amperes, temperature=[one[0] for one in kelvin], hop_distance=6e-9, options=options)
    assert listed.values == pytest.approx(found.values, rel=1e-6)
    for bad, words in (
        ({"voltage": table, "current": table["current"]}, "a table holds the currents"),
        ({"voltage": table, "temperature": 300.0}, "temperature is a column of the table"),
        ({"voltage": table["voltage"]}, "give voltage and current, or a table"),
    ):
        with pytest.raises(ParameterError, match=words):
            iv(**bad)


def test_measured_cells_of_another_kind_have_the_offset_that_is_known():
    """RRAM: 24 cells read up to 0.35 V; the origin says 0.6 uA of offset, and 67 uS in the median."""
    table = pcm.fit.read_table(DATA / "stanford-rram" / "read_iv.csv", device="device")
    options = IvOptions(floor=6e-7, below="keep", free="current_offset")
    ohmic = iv(table, temperature=300.0, law="ohmic", options=options)
    assert len(ohmic.devices) == len(ohmic.sweeps) == 24
    assert np.median([ohmic[f"conductance_{k + 1}"].value for k in range(24)]) == pytest.approx(67e-6, rel=0.1)
    # straight lines are not all: neighbouring residuals go together, and with the bend the offset is what it should be
    assert "neighbouring residuals go together" in ohmic.summary()
    bent = iv(table, temperature=300.0, options=options)
    assert "neighbouring residuals" not in bent.summary()
    assert bent["current_offset"].value == pytest.approx(0.6e-6, abs=2 * bent["current_offset"].error)
    assert abs(ohmic["current_offset"].value - 0.6e-6) > 5 * ohmic["current_offset"].error
    assert bent.goodness.chi2 < 0.8 * ohmic.goodness.chi2
    assert "the floor alone explains the scatter" in bent.summary()


def test_it_shows_itself(tmp_path):
    found = iv(*sweeps(SWITCHING, ON_GRID), temperature=KELVIN, hop_distance=5e-9, options=IvOptions(**TOLD))
    plain = iv(*sweeps(), temperature=KELVIN, options=IvOptions(**TOLD))
    for name, one in (("on.png", found), ("off.png", plain)):
        one.plot(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 20_000
    data = found.to_dataset()
    assert data.sizes["point"] == 240
    assert data.sizes["sweep"] == 3
    assert set(np.unique(data.branch)) == {"on", "off"}
    off = data.branch.values == "off"
    assert np.isfinite(data.fit.values[off]).all()
    assert np.isnan(data.fit.values[~off]).all()
    text = found.summary()
    for words in ("hold_voltage", "threshold_field", "those at 319 K", "3 thresholds, each known to the step"):
        assert words in text
    assert len(repr(found)) < 200
    with pytest.raises(ParameterError, match="no sweep shows an on-state"):
        plain.on_current(1.0)
    low, high = found.interval("thickness", 0.683)
    assert high - low == pytest.approx(2 * found["thickness"].error, rel=0.05)
    with pytest.raises(ParameterError, match="hold_voltage has no profile; those that have are conductance"):
        found.interval("hold_voltage")


def test_outliers_have_little_weight_with_a_robust_loss():
    voltage, current = sweeps(floor=0.0)
    current = current.copy()
    current[:, ::10] *= 1.5
    plain = iv(voltage, current, temperature=KELVIN, hop_distance=5e-9, options=IvOptions(series_resistance=1800.0))
    robust = iv(voltage, current, temperature=KELVIN, hop_distance=5e-9,
                options=IvOptions(series_resistance=1800.0, loss="tukey"))  # fmt: skip
    holds(robust, thickness=25e-9, activation_energy=0.4)
    assert abs(robust["conductance"].value / conductance_at(LAYER, 319.0) - 1) < 0.01
    assert plain["conductance"].value / conductance_at(LAYER, 319.0) > 1.02
    assert "robust fit (tukey)" in robust.summary()


def test_films_in_series_and_a_path_beside_may_be_activated():
    """A resistance of films with 0.08 eV: taken as a metal's it spoils the fit."""
    kelvin, grid = (280.0, 320.0, 360.0), np.linspace(0.02, 1.5, 60)
    rng = np.random.default_rng(8)
    rows = []
    for t in kelvin:
        films = 2e4 * np.exp(0.08 / 8.617333262e-5 * (1 / t - 1 / 318.0))
        rows.append(noisy(exact(Layer(2e-6, series=float(films)), grid, (t,))[0], rng, floor=0.0))
    told = {"relative_error": RELATIVE, "free": "series_resistance"}
    found = iv([grid] * 3, rows, temperature=kelvin, hop_distance=5e-9,
               options=IvOptions(series_activation=0.08, **told))  # fmt: skip
    assert found.reference_temperature == 317.0
    holds(
        found,
        thickness=25e-9,
        activation_energy=0.4,
        series_resistance=2e4 * np.exp(0.08 / 8.617333262e-5 * (1 / 317 - 1 / 318)),
    )
    metal = iv([grid] * 3, rows, temperature=kelvin, hop_distance=5e-9, options=IvOptions(**told))
    assert metal.goodness.p < 1e-4 * found.goodness.p

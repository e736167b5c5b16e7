"""The network of shells: what it carries, how its temperature falls, where its melt ends."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.physics.heat import heater_rise
from pcmphys.physics.state import SHELLS
from pcmphys.physics.thermal import network, shape
from tests.oracles import thermal as plain

CELL = pcm.load_cell("ibm-90nm-doped-gst")
P = CELL.parameters
NETWORK = P.heat.network
EDGES = network.radii(P.geometry.heater_radius, P.geometry.layer_thickness)
SPAN = EDGES[-1] - EDGES[0]
LENGTH = st.floats(0.0, 0.98 * SPAN)
LEVEL = st.floats(0.0, 1.0)
SHAPES = shape.table(P.geometry, P.heat)
NETWORKS = st.builds(
    network.NetworkParameters,
    glass_conductivity=st.floats(0.05, 0.5),
    crystal_conductivity=st.floats(0.3, 3.0),
    melt_conductivity=st.floats(1.0, 10.0),
    oxide_conductivity=st.floats(0.0, 3.0),
    oxide_share=st.floats(0.0, 1.0),
    heater_conductance=st.floats(1e-8, 1e-6),
    core_length=st.floats(0.2, 5.0),
    core_share=st.floats(0.0, 1.0),
    column=st.floats(0.0, 1.0),
)


def row_of(dome: float, level: float) -> np.ndarray:
    row = np.empty(shape.ROW)
    shape.read_row(dome, level, SHAPES, row)
    return row


# ---- the network


@given(dome=LENGTH, melt=LENGTH, p=NETWORKS)
def test_all_heat_leaves_by_heater_and_top_electrode(dome, melt, p):
    heat = network.solve(dome, melt, EDGES, p)
    assert heat.down + heat.up == pytest.approx(1.0, abs=1e-12)
    assert heat.heater * p.heater_conductance == pytest.approx(float(heat.down), rel=1e-12)


@given(dome=LENGTH, melt=LENGTH)
def test_every_node_is_in_balance(dome, melt):
    """Heater, core and shells: what comes in by the conductances is what is made and what leaves, to 1e-9 of a watt."""
    rise, down, up = plain.flow(dome, melt, P)
    heat = network.solve(dome, melt, EDGES, NETWORK)
    np.testing.assert_allclose(heat.rise, rise, rtol=1e-9, atol=1e-9 * rise[0])
    assert (float(heat.down), float(heat.up)) == pytest.approx((down, up), abs=1e-9)


@given(dome=LENGTH, melt=LENGTH, p=NETWORKS)
def test_temperature_falls_from_the_core_on_if_heat_goes_up_there(dome, melt, p):
    heat = network.solve(dome, melt, EDGES, p)
    assert heat.heater < heat.rise[0]
    # the most that can go down is what the core makes: with none of its own, the first shell's goes there too
    if heat.down <= p.core_share:
        assert (np.diff(heat.rise) < 0.0).all()


def test_a_wrong_twin_is_told_apart():
    """All crystal, or glass outside the dome: 20 % and more off somewhere in a dome of 25 nm."""
    heat = network.solve(25e-9, 0.0, EDGES, NETWORK).rise
    wrong = dataclasses.replace(
        P, heat=dataclasses.replace(P.heat, network=dataclasses.replace(NETWORK, melt_conductivity=0.6, column=1.0))
    )
    for other in (plain.flow(0.0, 0.0, P)[0], plain.flow(60e-9, 0.0, P)[0], plain.flow(25e-9, 0.0, wrong)[0]):
        assert (np.abs(np.array(other[:-1]) / heat[:-1] - 1.0) > 0.2).any()


def test_numbers_of_the_design():
    """3.93, 1.63 and 0.76 K/uW at 20, 45 and 65 nm of a crystalline cell; 452 K at the rim of a dome of glass alone."""
    crystal = 1e-6 * np.interp([20e-9, 45e-9, 65e-9], EDGES, network.solve(0.0, 0.0, EDGES, NETWORK).rise)
    assert crystal == pytest.approx([3.93, 1.63, 0.765], abs=0.005)
    glass = network.solve(25e-9, 0.0, EDGES, dataclasses.replace(NETWORK, column=0.0))
    assert 300.0 + 88.5e-6 * np.interp(45e-9, EDGES, glass.rise) == pytest.approx(452.0, abs=5.0)


def test_fronts_with_the_hot_spot_of_the_network_itself():
    """Onset 200 to 250 uA, then 11, 17, 25, 33 nm at 300, 350, 440, 550 uA (E6 of the design)."""
    melting = P.crystallization.melting_temperature - P.heat.ambient
    found = []
    for current in (200e-6, 250e-6, 300e-6, 350e-6, 440e-6, 550e-6):
        power = current * (0.8 + 200.0 * current)
        low, high = 0.0, 0.9 * SPAN
        for _ in range(50):
            middle = 0.5 * (low + high)
            hot = power * np.interp(EDGES[0] + middle, EDGES, network.solve(0.0, middle, EDGES, NETWORK).rise)
            low, high = (middle, high) if hot > melting else (low, middle)
        found.append(1e9 * low)
    assert found == pytest.approx([0.0, 3.9, 11.2, 17.2, 25.1, 33.4], abs=0.3)


# ---- its shape


@settings(max_examples=30, deadline=None)
@given(dome=LENGTH, level=st.floats(0.05, 1.0))
def test_melt_ends_where_the_shape_has_fallen_to_the_level(dome, level):
    limit = P.heat.melt_limit
    front = float(shape.fronts(dome, level, EDGES, limit, NETWORK))
    assert front == pytest.approx(plain.melt_of(dome, level, P), abs=1e-18)
    if 0.0 < front < 0.999 * limit * SPAN:
        there = shape.shapes(dome, front, EDGES, NETWORK)
        assert np.interp(EDGES[0] + front, EDGES, there) == pytest.approx(level, abs=1e-6)


def test_table_is_that_of_the_twin():
    twin = np.array(plain.table(P))
    np.testing.assert_allclose(SHAPES, twin, rtol=1e-9, atol=1e-12)
    # the wrong twin: as if nothing ever melted
    assert np.abs(SHAPES - twin[:, -1:]).max() > 0.1


@given(dome=st.floats(0.0, 24.0), level=st.floats(0.0, 1.5))
def test_rows_fall_from_one_to_nothing(dome, level):
    row = row_of(dome, level)
    assert row[0] == pytest.approx(1.0, abs=1e-15)
    assert row[SHELLS] == row[SHELLS + 1] == 0.0
    assert (np.diff(row[: SHELLS + 1]) < 0.0).all()
    twin = plain.interpolated(plain.table(P), dome / SHELLS, level)
    np.testing.assert_allclose(row[: SHELLS + 1], twin, rtol=1e-9, atol=1e-12)


@given(dome=st.floats(0.0, 24.0), level=LEVEL, place=st.floats(-10.0, 26.0))
def test_profile_and_distance_are_inverse(dome, level, place):
    row = row_of(dome, level)
    part = shape.profile(place, row)
    assert part == pytest.approx(plain.part_at(list(row[:-1]), place / SHELLS), rel=1e-12, abs=1e-15)
    assert part >= 0.0
    if place < SHELLS:
        assert shape.distance(part, row) == pytest.approx(place, abs=1e-9)
        shell = sum(row[1:SHELLS] > part)
        assert shape.reached(part, shell, row) == shape.distance(part, row)
        assert shape.distance(part, row) == pytest.approx(
            SHELLS * plain.place_of(list(row[:-1]), part), rel=1e-9, abs=1e-12
        )


@given(dome=st.floats(0.0, 24.0), level=LEVEL, places=st.tuples(*[st.floats(-5.0, 23.9)] * 3))
def test_the_gentlest_fall_bounds_all_between_a_level_and_a_place(dome, level, places):
    inmost, between, outer = sorted(places)
    row = row_of(dome, level)
    from_level = shape.profile(inmost, row)
    hot, near, far = shape.gentlest(from_level, shape.profile(outer, row), row)
    assert hot == shape.distance(shape.profile(outer, row), row)
    # a hair outside of the level, which rounding may put to either side of an edge
    apart = 1.0 / shape.fall(max(between, inmost + 1e-9), row)
    assert apart <= near * (1.0 + 1e-12)
    assert near <= far
    # the bound is no looser than the gentlest of the shells
    assert far <= max(SHELLS, 1.0 / (-np.diff(row[: SHELLS + 1])).min()) * (1.0 + 1e-12)


@given(dome=st.floats(0.0, 24.0), level=LEVEL, place=st.floats(-5.0, 23.9))
def test_fall_is_the_slope_of_the_profile(dome, level, place):
    row = row_of(dome, level)
    width = min(1e-3, (np.floor(place) + 1.0 - place) or 1e-3)
    fallen = shape.profile(place, row) - shape.profile(place + width, row)
    assert shape.fall(place, row) * width == pytest.approx(fallen, abs=1e-12)


@given(dome=st.floats(0.0, 24.0))
def test_the_front_moves_out_as_the_hot_spot_gets_hotter(dome):
    levels = np.linspace(1.2, 0.05, 116)
    fronts = [shape.distance(level, row_of(dome, level)) for level in levels]
    assert all(outer >= inner - 1e-12 for inner, outer in pairwise(fronts))
    assert max(fronts) <= SHELLS


def test_table_is_made_once_and_nobody_writes_to_it():
    found = shape.table(P.geometry, P.heat)
    assert found is shape.table(pcm.load_cell("ibm-90nm-doped-gst").parameters.geometry, P.heat)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0, 0] = 2.0


@pytest.mark.parametrize("column", [0.0, 1.0])
def test_column_at_its_ends(column):
    """Of the hot spot's rise, 0.29 are left at a rim of 25 nm where the dome is glass, 0.77 where it is a column."""
    found = shape.shapes(25e-9, 0.0, EDGES, dataclasses.replace(NETWORK, column=column))
    assert np.interp(45e-9, EDGES, found) == pytest.approx(0.29 + 0.48 * column, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"heat.network.column": 1.5}, "heat.network.column.value: expected .* got 1.5"),
        ({"heat.network.glass_conductivity": 0.0}, "heat.network.glass_conductivity.value: expected above 0"),
        ({"heat.network.melt_conductivity": 0.1}, "heat.network.melt_conductivity.value: expected"),
        ({"heat.network.colum": 0.5}, "heat.network.colum: unknown key"),
    ],
)
def test_bad_numbers_are_named(changes, said):
    with pytest.raises(ParameterError, match=said):
        CELL.but(changes, source="test")


# ---- the shipped cell


def power_of(current: float) -> float:
    """Of a dome of 25 nm in the on-state, with the threshold of the design."""
    excess = max(0.37 + 31.5e6 * 25e-9 - P.heat.on_voltage, 0.0)
    decay = 1.0 + (current / P.switching.decay_current) ** P.switching.decay_power
    return current * (P.heat.on_voltage + excess / decay + P.heat.on_resistance * current)


def hot_spot(current: float) -> float:
    heat = P.heat.pack()
    return heat.ambient + heater_rise(power_of(current), current, True, heat)


def test_hot_spot_and_rim_at_a_hundred_microampere():
    assert 650.0 < hot_spot(100e-6) < 880.0
    rise = hot_spot(100e-6) - 300.0
    melting = P.crystallization.melting_temperature - P.heat.ambient
    row = row_of(25e-9 / SPAN * SHELLS, melting / rise)
    # between a dome that conducts heat as glass and one with a filament as a column; no source decides
    assert 500.0 < 300.0 + rise * shape.profile(25e-9 / SPAN * SHELLS, row) < 700.0


def test_hot_spot_rises_with_the_current_and_melts_from_200_uA_on():
    currents = np.linspace(10e-6, 1e-3, 200)
    temperature = np.array([hot_spot(current) for current in currents])
    assert (np.diff(temperature) > 0.0).all()
    onset = np.interp(P.crystallization.melting_temperature, temperature, currents)
    assert 180e-6 < onset < 280e-6


def test_a_reset_melts_a_dome_of_25_nm():
    devices = CELL.population(400, seed=5)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    assert 20e-9 < devices.amorphous_thickness.mean() < 30e-9


def set_cells() -> pcm.cells.MushroomPopulation:
    """Devices at up to full scale, from SET pulses after a RESET."""
    devices = CELL.population(200, seed=3)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    for _ in range(6):
        devices.apply(pcm.Pulse(current=100e-6, width=50e-9, fall=2e-9), where=devices.conductance() < 20e-6)
    return devices


SET_CELLS = set_cells()
LOW = SET_CELLS.conductance() <= CELL.conductance_maximum


@settings(max_examples=20, deadline=None)
@given(voltage=st.floats(-0.5, 0.5))
def test_a_half_selected_set_cell_stays_cool(voltage):
    """Half of the volt that drives 100 uA through a SET cell and its leads: less than 15 K up to full scale."""
    report = SET_CELLS.copy().apply(pcm.Pulse(voltage=voltage, width=50e-9, fall=2e-9))
    assert LOW.sum() > 50
    assert (report.peak_temperature[LOW] < 315.0).all()

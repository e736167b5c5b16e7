"""The figure of one mushroom cell shows its state and the laws as they are."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.plot.mushroom.materials import grain_pattern
from pcmphys.plot.mushroom.view import middle, view
from tests.oracles import thermal

RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
BOX = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)
CELLS = ("ibm-90nm-doped-gst", "ibm-90nm-projected")


def lines(axes) -> dict:
    return {line.get_label(): line for line in axes.lines}


@pytest.mark.parametrize(
    ("index", "name"),
    [((4, 0), r"index\[0\]"), ((0, -6), r"index\[1\]"), ((0, 1.0), r"index\[1\]"), (3, "index"), ((0, 0, 0), "index"),
     ((True, 0), r"index\[0\]")],
)  # fmt: skip
def test_an_index_outside_of_the_population_is_named(devices, index, name):
    with pytest.raises(ParameterError, match=f"^{name} must be"):
        pcm.plot.cell(devices, index)


def test_indices_count_as_in_numpy(devices):
    assert view(devices, (-1, 2)).index == (3, 2)
    np.testing.assert_array_equal(view(devices, (-1, 2)).rim, devices.amorphous_thickness[3, 2])
    one = devices.cell.population((), seed=1)
    assert view(one, ()).index == ()
    flat = devices.cell.population(3, seed=1)
    assert view(flat, np.int64(2)).index == view(flat, (2,)).index == (2,)
    with pytest.raises(ParameterError, match=r"^index must be a whole number within \[-3, 2\]; got 3"):
        pcm.plot.cell(flat, 3)


def test_other_cells_and_no_devices_are_refused():
    statistical = pcm.load_cell("ibm-90nm-statistical").population(3)
    empty = pcm.load_cell(CELLS[0]).population(0)
    for call in (lambda d: pcm.plot.cell(d, 0), pcm.plot.programming_curve, pcm.plot.drift, pcm.plot.noise_spectrum):
        for wrong in (statistical, empty):
            with pytest.raises(ParameterError, match=r"^devices must"):
                call(wrong)


def test_the_four_panels_name_their_units(devices):
    figure = pcm.plot.cell(devices, (0, 1))
    section, plan, temperature, curve, bar = sorted(figure.axes, key=lambda axes: axes.get_title("left") or "(e)")
    assert plan.name == "polar"
    assert "[nm]" in section.get_xlabel()
    assert "[nm]" in section.get_ylabel()
    assert bar.get_ylabel() == "share of the read current [%]"
    assert "[nm]" in temperature.get_xlabel()
    assert temperature.get_ylabel() == "temperature [K]"
    assert curve.get_xlabel() == "voltage of the cell with its heater [V]"
    assert curve.get_ylabel() == "current [µA]"
    assert curve.get_yscale() == "log"
    texts = " ".join(text.get_text() for text in section.texts)
    for word in ("heater", "top electrode", "dielectric", "polycrystal", "amorphous dome", "$u_a$"):
        assert word in texts
    assert ("projection liner" in texts) == (devices.cell.name == CELLS[1])
    assert sum(patch.get_label() == "projection liner" for patch in section.patches) == (devices.cell.name == CELLS[1])


def test_the_dome_is_drawn_at_the_rims_of_the_state(reset):
    index = 2
    rim = 1e9 * reset.amorphous_thickness[index]
    radius = 20.0 * reset.identity["heater_radius"][index]
    figure = pcm.plot.cell(reset, index)
    section, plan = figure.axes[0], next(axes for axes in figure.axes if axes.name == "polar")
    right, left = (patch for patch in section.patches if patch.get_label() == "dome")
    first, second = view(reset, index).pair
    assert second == (first + 8) % 16
    assert (right.theta1, right.theta2, left.theta1, left.theta2) == (0.0, 90.0, 90.0, 180.0)
    for wedge, sector in ((right, first), (left, second)):
        assert wedge.r == pytest.approx(radius + rim[sector], rel=1e-6)
        assert wedge.width == pytest.approx(rim[sector], rel=1e-6)
    assert rim[first] != pytest.approx(rim[second], rel=1e-3)
    dome = next(bars for bars in plan.containers if bars.get_label() == "dome")
    np.testing.assert_allclose([bar.get_height() for bar in dome], rim, rtol=1e-6)
    np.testing.assert_allclose([bar.get_x() + 0.5 * bar.get_width() for bar in dome], [middle(s) for s in range(16)])


def test_grains_are_drawn_at_their_distance_with_their_radius(reset):
    twin = reset.copy()
    pair = view(twin, 0).pair
    state = twin._state
    kept = {pair[0]: [(24e-9, 2e-9), (27e-9, 3e-9)], pair[1]: [(30e-9, 2.5e-9)]}
    for sector, grains in kept.items():
        state.grain[0, sector, : len(grains)] = grains
        state.count[0, sector] = len(grains)
    figure = pcm.plot.cell(twin, 0)
    section, plan = figure.axes[0], next(axes for axes in figure.axes if axes.name == "polar")
    circles = [patch for patch in section.patches if patch.get_label() == "grain"]
    found = sorted((1e-9 * np.hypot(*circle.center), 1e-9 * circle.radius) for circle in circles)
    np.testing.assert_allclose(found, sorted(grain for grains in kept.values() for grain in grains), rtol=1e-6)
    assert sorted(np.sign(circle.center[0]) for circle in circles) == [-1.0, 1.0, 1.0]
    outlines = [patch for patch in plan.patches if patch.get_label() == "grain"]
    assert len(outlines) == int(state.count[0].sum())
    # a grain of 2.5 nm at 30 nm lies within its sector: its outline spans its diameter
    widths = [np.ptp(outline.get_xy()[:, 1]) for outline in outlines]
    assert min(abs(width - 5.0) for width in widths) < 0.02


def test_shares_of_the_sectors_add_up_to_the_device(devices):
    """Sectors in parallel, in series with the heater, are the slope of the current at zero voltage."""
    twin = devices.copy()
    slope = twin.current(0.0)[1].reshape(-1)
    series = devices.cell.parameters.leads
    for place in range(20):
        seen = view(devices, np.unravel_index(place, devices.shape))
        assert 1.0 / (1.0 / seen.sector_conductance.sum() + series) == pytest.approx(slope[place], rel=1e-9)
        assert seen.share.sum() == pytest.approx(1.0)
        assert seen.share[seen.pair[0]] == seen.share.max()


def test_temperature_falls_from_the_heater_to_the_electrode_and_melts_where_the_law_says(reset):
    index = 4
    temperature = next(a for a in pcm.plot.cell(reset, index, pulse=[BOX, RESET]).axes if "[K]" in a.get_ylabel())
    drawn = lines(temperature)
    assert [name for name in drawn if "µA" in name] == ["440 µA", "100 µA"]
    r, kelvin = drawn["440 µA"].get_data()
    factor, own = reset.identity["thermal_resistance"][index], 20.0 * reset.identity["heater_radius"][index]
    # 440 uA fills the heater: I V_cell through R_th, by hand
    p, w = reset.cell.parameters.heat, reset.cell.parameters.switching
    excess = max(reset.threshold_voltage()[index] - p.on_voltage, 0.0)
    voltage = p.on_voltage + excess / (1.0 + (440e-6 / w.decay_current) ** w.decay_power) + p.on_resistance * 440e-6
    top = 300.0 + factor * p.thermal_resistance * 440e-6 * voltage
    assert kelvin[0] == pytest.approx(top, rel=1e-6)
    assert kelvin[-1] == pytest.approx(300.0)
    melts = np.interp(-880.0, -kelvin, r)
    level, dome = 580.0 / (top - 300.0), 1e9 * reset.amorphous_thickness[index].mean() / (100.0 - own)
    row = thermal.interpolated(thermal.table(reset.cell.parameters), dome, level)
    assert melts == pytest.approx(own + (100.0 - own) * thermal.place_of(row, level), rel=1e-6)
    # the long pulse itself reports the same heater
    assert reset.copy().apply(RESET).peak_temperature[index] == pytest.approx(kelvin[0], rel=1e-3)
    levels = [line.get_ydata()[0] for line in temperature.lines if line.get_linestyle() == "--"]
    assert levels == [880.0, 450.0]
    assert {text.get_text() for text in temperature.texts} >= {"$T_m$ = 880 K", "$T_g$ = 450 K"}


def test_a_narrow_filament_leaves_the_opposite_side_cold(reset):
    temperature = next(a for a in pcm.plot.cell(reset, 0, pulse=BOX).axes if "[K]" in a.get_ylabel())
    under, opposite = [line for line in temperature.lines if line.get_linestyle() in ("-", ":")]
    assert (under.get_linestyle(), opposite.get_linestyle()) == ("-", ":")
    assert opposite.get_ydata()[0] - 300.0 < 0.05 * (under.get_ydata()[0] - 300.0)


def test_pulses_out_of_range_are_refused(reset):
    with pytest.raises(ParameterError, match=r"^pulse must be a number in A"):
        pcm.plot.cell(reset, 0, pulse=pcm.Pulse(current=2e-3, width=1e-6))
    for wrong in (440e-6, [], [RESET, 1.0]):
        with pytest.raises(ParameterError, match=r"^pulse must be a Pulse"):
            pcm.plot.cell(reset, 0, pulse=wrong)


def test_the_current_voltage_curve_snaps_back_at_the_threshold(reset):
    twin = reset.copy()
    index = int(np.argmax(twin.threshold_voltage()))
    threshold = twin.threshold_voltage()[index]
    assert threshold > 1.0  # else the test shows nothing
    curve = next(axes for axes in pcm.plot.cell(reset, index).axes if "[V]" in axes.get_xlabel())
    drawn = lines(curve)
    voltage, current = drawn["off-state"].get_data()
    on_voltage, _ = drawn["on-state"].get_data()
    on = np.isfinite(on_voltage)
    assert np.array_equal(on_voltage[on], voltage[on])
    assert 0 < on.sum() < on.size
    # up to the threshold, back to the holding voltage, and up along the heater's resistance
    assert voltage.max() == pytest.approx(threshold, rel=0.03)
    turn = np.argmax(voltage)
    assert (np.diff(voltage[: turn + 1]) > 0.0).all()
    assert (np.diff(voltage[turn:]) < 0.0).any()
    p = reset.cell.parameters.heat
    assert p.on_voltage < voltage[on].min() < 0.95
    assert drawn[f"$V_{{th}}$ = {threshold:.2f} V"].get_xdata()[0] == pytest.approx(threshold)
    assert drawn["$V_h$ = 0.80 V"].get_xdata()[0] == p.on_voltage
    # the off-state is that of reads, behind the leads
    leads = reset.cell.parameters.conduction.series_resistance
    micro, k = current[20], 20
    terminal = np.where(np.arange(6) == index, voltage[k] + leads * 1e-6 * micro, 0.1)
    assert 1e6 * twin.current(terminal)[0][index] == pytest.approx(micro, rel=1e-9)
    read = next(line for name, line in drawn.items() if name.startswith("read"))
    assert read.get_ydata()[0] == pytest.approx(1e6 * 0.2 * twin.conductance()[index], rel=1e-9)


def test_a_crystalline_cell_has_neither_dome_nor_threshold():
    fresh = pcm.load_cell(CELLS[0]).population(2, seed=3)
    figure = pcm.plot.cell(fresh, 0)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("no dome") == 2
    assert "amorphous dome" not in texts
    curve = next(axes for axes in figure.axes if "[V]" in axes.get_xlabel())
    assert not any("V_{th}" in name for name in lines(curve))
    assert "no threshold: all sectors are bridged" in lines(curve)


def test_a_cell_can_be_drawn_into_given_axes(reset):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = [figure.add_subplot(1, 4, k + 1, projection="polar" if k == 1 else None) for k in range(4)]
    assert pcm.plot.cell(reset, 0, axes=axes) is figure
    assert axes[2].get_ylabel() == "temperature [K]"
    with pytest.raises(ParameterError, match=r"^axes must be four"):
        pcm.plot.cell(reset, 0, axes=axes[:3])
    with pytest.raises(ParameterError, match="polar"):
        pcm.plot.cell(reset, 0, axes=axes[::-1])


def test_the_polycrystal_fills_its_rectangle_with_grains_of_the_size():
    cells, shades = grain_pattern((-100.0, 100.0), (0.0, 80.0), 10.0)
    assert len(cells) == len(shades)
    area = [0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) for x, y in (c.T for c in cells)]
    whole = [(abs(c[:, 0]) < 100.0).all() and (abs(c[:, 1] - 40.0) < 40.0).all() for c in cells]
    inside = np.array(area)[whole]
    assert np.mean(inside) == pytest.approx(100.0, rel=0.1)

"""Figures of mushroom cells: they show the state and the laws as they are, and leave the devices as they were."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.constants import BOLTZMANN
from pcmphys.errors import ParameterError
from pcmphys.plot.mushroom import selection, spectrum

RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
BOX = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)
CELLS = ("ibm-90nm-doped-gst", "ibm-90nm-projected")


def everything(devices) -> list:
    """All that a population's future depends on."""
    clock = devices._clock
    kept = devices._state._asdict()
    for evaluated in ("sector", "fraction", "stale"):  # follow from the rest whenever somebody looks
        del kept[evaluated]
    parts = [*kept.values(), devices._free, clock.looked]
    times = (clock.now, tuple(clock._looks), clock._pending, clock._trap_now)
    numbers = (devices._event, times, devices.shape, devices.first_cell)
    return [part.tobytes() for part in parts] + [numbers]


def lines(axes) -> dict:
    return {line.get_label(): line for line in axes.lines}


# ---------------------------------------------------------------- the population


FIGURES = {
    "cell": lambda d: pcm.plot.cell(d, (1, 3)),
    "programming_curve": lambda d: pcm.plot.programming_curve(d, amplitudes=[50e-6, 200e-6, 400e-6], n=5),
    "drift": lambda d: pcm.plot.drift(d, n=3),
    "noise_spectrum": lambda d: pcm.plot.noise_spectrum(d, reads=1024, n=3),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_leaves_the_devices_as_they_are(devices, name):
    before = everything(devices)
    FIGURES[name](devices)
    assert everything(devices) == before
    # the comparison sees a single read
    twin = devices.copy()
    twin.read()
    assert everything(twin) != before


def test_a_block_has_the_future_that_its_devices_have_in_the_whole(devices):
    def future(some):
        some.wait(10.0)
        first = some.read()
        some.apply(BOX)
        some.wait(1e3, temperature=400.0)
        return np.stack([first.reshape(-1), some.read().reshape(-1), some.conductance().reshape(-1)])

    whole = future(devices.copy())
    np.testing.assert_array_equal(future(devices.flat[6:13]), whole[:, 6:13])
    stranger = devices.flat[6:13]
    stranger.first_cell = devices.first_cell  # the wrong random numbers
    assert (future(stranger) != whole[:, 6:13]).any()


def test_devices_are_picked_evenly_over_conductance_and_never_twice(devices):
    conductance = devices.copy().conductance().reshape(-1)
    for count in (1, 2, 7, 20, 50):
        places = selection.spread_over_conductance(devices, count)
        assert len(set(places.tolist())) == places.size == min(count, 20)
        assert (np.diff(conductance[places]) >= 0.0).all()
        assert conductance[places[0]] == conductance.min()
    assert conductance[selection.spread_over_conductance(devices, 7)[-1]] == conductance.max()


def test_age_is_the_time_since_the_quench_and_faster_in_the_heat():
    devices = pcm.load_cell(CELLS[0]).population(3, seed=1)
    devices.apply(RESET, where=np.array([True, False, True]))
    devices.wait(40.0)
    devices.apply(RESET, where=np.array([True, False, False]))
    devices.wait(5.0)
    np.testing.assert_allclose(devices.now().glass_age.reshape(-1)[[0, 2]], [5.0, 45.0], rtol=1e-5)
    # one second at 350 K: how much order it takes away, and how long that takes at the ambient temperature
    relaxation, ambient = devices._floats.relaxation, devices._floats.heat.ambient
    cold, hot = (relaxation.barrier / (BOLTZMANN * t) for t in (ambient, 350.0))
    log_cold, log_hot = (reduced - np.log(reduced * relaxation.attempt_rate) for reduced in (cold, hot))
    order = -(np.log(np.exp(log_cold - cold * relaxation.initial) + 5.0) - log_cold) / cold
    order = -(np.log(np.exp(log_hot - hot * order) + 1.0) - log_hot) / hot
    devices.wait(1.0, temperature=350.0)
    assert devices.now().glass_age.reshape(-1)[0] == pytest.approx(np.exp(log_cold - cold * order), rel=1e-4)
    assert devices.now().glass_age.reshape(-1)[0] > 100.0


# ---------------------------------------------------------------- many cells


def test_the_programming_curve_is_what_its_pulses_do(reset):
    amplitudes = np.array([30e-6, 150e-6, 460e-6])
    axes = pcm.plot.programming_curve(reset, amplitudes=amplitudes, n=4).axes[0]
    assert axes.get_xlabel() == "pulse amplitude [µA]"
    assert axes.get_ylabel() == "conductance [µS]"
    assert axes.get_yscale() == "log"
    partial, staircase = axes.lines[:2]
    np.testing.assert_allclose(partial.get_xdata(), [30.0, 150.0, 460.0])
    by_hand = reset.flat[0:4]
    by_hand.apply(RESET)
    for k, amplitude in enumerate(amplitudes):
        by_hand.apply(BOX, amplitude=amplitude, pause=0.1)
        assert staircase.get_ydata()[k] == pytest.approx(1e6 * np.median(by_hand.read()), rel=1e-12)
    by_hand = reset.flat[0:4]
    by_hand.apply(pcm.Pulse(current=400e-6, width=20e-9, fall=1e-6))
    by_hand.apply(BOX, amplitude=460e-6, pause=0.1)
    low, middle_, high = np.percentile(1e6 * by_hand.read(), [5, 50, 95])
    assert partial.get_ydata()[-1] == pytest.approx(middle_, rel=1e-12)
    band = axes.collections[0].get_paths()[0].vertices
    assert {low, high} <= set(band[band[:, 0] == 460.0, 1])


def test_the_programming_curve_has_the_shape_of_a_phase_change_cell():
    axes = pcm.plot.programming_curve(pcm.load_cell(CELLS[0]), n=60, seed=2).axes[0]
    amplitude = axes.lines[0].get_xdata()
    partial, staircase = (line.get_ydata() for line in axes.lines[:2])
    assert amplitude[0] == pytest.approx(20.0)
    assert amplitude[-1] == pytest.approx(480.0)
    # too weak a pulse changes nothing; a strong one resets whatever was there before
    assert partial[0] / staircase[0] > 50.0
    assert partial[-1] == pytest.approx(staircase[-1], rel=0.3)
    assert partial[-1] < 0.02 * partial[0]
    assert staircase.max() > 30.0 * staircase[0]
    assert "heater at $T_m$" in [text.get_text() for text in axes.texts]
    assert "60 devices" in axes.get_title()


def test_the_programming_curve_refuses_bad_amplitudes(reset):
    for wrong in ([200e-6, 100e-6], [100e-6, 2e-3], [-1e-6, 1e-6], []):
        with pytest.raises(ParameterError, match=r"^amplitudes"):
            pcm.plot.programming_curve(reset, amplitudes=wrong)


def test_drift_shows_the_reads_that_the_devices_would_give(devices):
    times = np.geomspace(1.0, 1e4, 12)
    figure = pcm.plot.drift(devices, times=times, n=3)
    axes = figure.axes[0]
    assert axes.get_xlabel().startswith("time since the last quench")
    assert axes.get_ylabel() == "conductance [µS]"
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(dots) == 3
    assert len(axes.lines) == 6
    places = selection.spread_over_conductance(devices, 3)
    twin = devices.copy()
    reads = []
    for time in times:
        twin.wait(max(time - (twin.time - devices.time), 0.0))
        reads.append(1e6 * twin.read().reshape(-1))
    reads = np.array(reads)
    ages = devices.now().glass_age.reshape(-1)
    for line, place in zip(dots, places[::-1], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), reads[:, place])
        np.testing.assert_allclose(line.get_xdata(), ages[place] + times)


def test_the_drift_lines_are_power_laws_with_the_exponents_in_the_legend(reset):
    axes = pcm.plot.drift(reset, n=2).axes[0]
    for dots, line in zip(axes.lines[::2], axes.lines[1::2], strict=True):
        slope, offset = np.polyfit(np.log(line.get_xdata()), np.log(line.get_ydata()), 1)
        exponent, error = (float(part) for part in dots.get_label().split("ν = ")[1].split(" ± "))
        assert -slope == pytest.approx(exponent, abs=6e-4)
        # RESET devices drift at 0.11, give or take noise
        assert abs(exponent - 0.11) < 4.0 * error + 0.03
        written = float(dots.get_label().split(" µS")[0])
        assert np.exp(offset + slope * np.log(line.get_xdata()[0])) == pytest.approx(written, rel=0.01)


def test_drift_shows_reads_where_they_happened(devices):
    """Times closer together than a read: one after the other."""
    read = devices.cell.parameters.read.duration
    times = 1.0 + 0.1 * read * np.arange(5)
    figure = pcm.plot.drift(devices, times=times, n=1)
    ages = next(line for line in figure.axes[0].lines if line.get_marker() == "o").get_xdata()
    assert np.diff(ages) == pytest.approx(np.full(4, read), rel=1e-6)


def test_drift_refuses_bad_times(reset):
    for wrong in ([1.0, 2.0], [1.0, 3.0, 2.0], [0.0, 1.0, 2.0]):
        with pytest.raises(ParameterError, match=r"^times"):
            pcm.plot.drift(reset, times=wrong)
    with pytest.raises(ParameterError, match=r"^n must"):
        pcm.plot.drift(reset, n=0)


# ---------------------------------------------------------------- spectra


def test_a_drift_without_noise_has_no_spectrum():
    ages = np.geomspace(3.0, 1e3, 500)[:, None] * np.array([1.0, 2.0])
    values = np.array([1e-6, 2e-5]) * ages ** -np.array([0.05, 0.11])
    assert np.abs(spectrum.relative(ages, values)).max() < 1e-12


def test_white_noise_has_the_density_of_its_variance():
    """One-sided: the variance spread over the frequencies up to half the sampling rate."""
    deviation = 0.03 * np.random.default_rng(1).standard_normal((8192, 40))
    frequency, power = spectrum.density(deviation, 0.02)
    assert frequency[0] == pytest.approx(1.0 / (1024 * 0.02))
    assert frequency[-1] < 25.0
    assert power.mean() == pytest.approx(0.03**2 / 25.0, rel=0.01)


@pytest.mark.parametrize("slope", [-0.8, -1.0, -1.4])
def test_the_power_law_of_a_spectrum_is_found(slope):
    frequency = np.arange(1.0, 513.0)
    law = spectrum.power_law(frequency, 1e-5 * frequency**slope)
    assert law.slope == pytest.approx(slope, abs=1e-9)
    np.testing.assert_allclose(law.curve, 1e-5 * law.frequency**slope)
    assert (law.frequency[0], law.frequency[-1]) == (3.0, 128.0)
    if slope == -1.0:
        assert law.noise == pytest.approx(np.sqrt(1e-5))


def test_one_lorentzian_is_not_taken_for_a_power_law_of_one():
    """A single trap faster than the record: flat below its corner, minus two above."""
    frequency = np.arange(1.0, 513.0)
    assert abs(spectrum.power_law(frequency, 1.0 / (1.0 + (frequency / 1e4) ** 2)).slope) < 1e-3
    assert spectrum.power_law(frequency, 1.0 / (1.0 + (frequency / 1e-2) ** 2)).slope == pytest.approx(-2.0, abs=1e-3)


def test_the_noise_spectrum_falls_as_one_over_f():
    devices = pcm.load_cell(CELLS[0]).population(120, seed=8)
    devices.program(10e-6)
    devices.wait(20.0)
    axes = pcm.plot.noise_spectrum(devices, reads=2048).axes[0]
    assert axes.get_xlabel() == "frequency [Hz]"
    assert axes.get_ylabel() == "$S_I/I^2$ [1/Hz]"
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    names = list(lines(axes))
    assert names[0] == "median of 120 devices, band 5-95 %"
    slope = float(names[1].removeprefix("fit, $f^{").removesuffix("}$"))
    assert -1.25 < slope < -0.85
    frequency, guide = axes.lines[2].get_data()
    np.testing.assert_allclose(guide * frequency, guide[0] * frequency[0])
    assert names[2].startswith("$Q_s^2/f$")
    fitted = axes.lines[1].get_ydata()
    assert np.polyfit(np.log(axes.lines[1].get_xdata()), np.log(fitted), 1)[0] == pytest.approx(slope, abs=6e-3)


def test_short_reads_fold_the_fast_noise_into_the_spectrum():
    """What the default avoids: reads of 250 ns every millisecond give a plateau, so a flatter slope."""
    devices = pcm.load_cell(CELLS[0]).population(60, seed=8)
    devices.program(10e-6)
    devices.wait(20.0)
    slopes = []
    for duration in (None, 250e-9):
        names = list(lines(pcm.plot.noise_spectrum(devices, reads=1024, duration=duration).axes[0]))
        slopes.append(float(names[1].removeprefix("fit, $f^{").removesuffix("}$")))
    assert slopes[1] > slopes[0] + 0.2


def test_the_noise_spectrum_refuses_bad_records(reset):
    for name, wrong in (("reads", 1023), ("interval", 0.0), ("duration", 2e-3), ("n", 0)):
        with pytest.raises(ParameterError, match=f"^{name} must"):
            pcm.plot.noise_spectrum(reset, **{name: wrong})


# ---------------------------------------------------------------- manners


def test_importing_the_package_does_not_load_matplotlib():
    code = "import sys, pcmphys; pcmphys.plot.cell; sys.exit(any(m.split('.')[0] == 'matplotlib' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_drawing_leaves_the_users_settings_and_backend_alone(devices):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    for draw in FIGURES.values():
        draw(devices)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", FIGURES)
def test_text_in_a_figure_does_not_overlap(devices, name):
    """Names, legends and titles of one panel, as they are drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = FIGURES[name](devices)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        shown = [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        if axes.get_legend() is not None:
            shown.append(axes.get_legend())
        shown = [item for item in shown if item.get_visible() and getattr(item, "get_text", lambda: "legend")()]
        boxes = [(item, item.get_window_extent(renderer)) for item in shown]
        for k, (one, box) in enumerate(boxes):
            for other, second in boxes[k + 1 :]:
                assert not box.overlaps(second), (one, other)


def test_figures_can_be_drawn_into_given_axes(reset):
    from matplotlib.figure import Figure

    figure = Figure()
    panels = figure.subplots(1, 3)
    assert pcm.plot.programming_curve(reset, amplitudes=[50e-6, 100e-6], axes=panels[0]) is figure
    assert pcm.plot.drift(reset, times=[1.0, 10.0, 100.0, 1000.0], n=2, axes=panels[1]) is figure
    assert pcm.plot.noise_spectrum(reset, reads=1024, axes=panels[2]) is figure
    assert all(axes.get_xlabel() for axes in panels)

"""The figure of I-V curves: what is drawn is what the look says, on both branches."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError

RESET = pcm.Pulse(current=480e-6, width=1e-6, fall=5e-9)
BOX = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)


@pytest.fixture(scope="module")
def devices():
    made = pcm.load_cell("ibm-90nm-doped-gst").population((4, 5), seed=3)
    made.apply(RESET)
    made.apply(BOX, amplitude=np.linspace(20e-6, 280e-6, 20).reshape(4, 5))
    made.wait(20.0)
    return made


def test_the_figure_shows_the_curves_of_the_look(devices):
    before = devices.copy()
    figure = pcm.plot.iv(devices, load=[0.0, 5e3], n=20)
    own, behind = figure.axes
    curves = [line for line in own.lines if "V_{th}" in line.get_label()]
    assert len(curves) == 20
    look = devices.now()
    conductance = [float(line.get_label().split()[0]) for line in curves]
    assert conductance == sorted(conductance)
    for line in curves:
        voltage, micro = line.get_data()
        threshold = float(line.get_label().split("= ")[1].split()[0])
        # snapback of those with a threshold above the holding voltage
        assert voltage[-1] == pytest.approx(1.0, abs=0.03)
        if threshold > 0.9:
            assert voltage[micro < 60].max() == pytest.approx(threshold, rel=0.05)
            found, _ = look.voltage(1e-6 * micro[100])
            assert np.isclose(found, voltage[100], rtol=1e-9).any()
    labels = [line.get_label() for line in behind.lines if "on at" in line.get_label()]
    assert [label.split(":")[0] for label in labels] == ["leads alone", "5 k$\\Omega$ and leads"]
    steepest = np.unravel_index(np.argmax([look.threshold_voltage.reshape(-1)]), devices.shape)
    folds = look.folds()
    assert f"on at {folds.up_voltage[steepest]:.2f} V, off at {folds.down_voltage[steepest]:.2f} V" in labels[0]
    # left as it is
    assert devices.time == before.time
    assert np.array_equal(devices.conductance(), before.conductance())


def test_hysteresis_is_drawn_between_the_folds(devices):
    _, behind = pcm.plot.iv(devices, load=0.0, n=20).axes
    up, down, *heads = behind.lines
    folds = devices.now().folds()
    place = np.unravel_index(np.argmax(devices.threshold_voltage()), devices.shape)
    volts, micro = up.get_data()
    assert (np.diff(micro) > 0.0).all()
    jump = np.argmax(np.diff(np.log(micro[1:]))) + 1
    assert volts[jump] == pytest.approx(folds.up_voltage[place], rel=1e-8)
    assert down.get_linestyle() == "--"
    assert down.get_xdata().min() == pytest.approx(folds.down_voltage[place], rel=1e-9)
    assert (down.get_ydata()[1:] > np.interp(down.get_xdata()[1:], volts, micro) * (1 - 1e-9)).all()

    # a head of an arrow on each jump, between its ends
    assert [head.get_marker() for head in heads] == ["^", "v"]
    for head, volt in zip(heads, (folds.up_voltage[place], folds.down_voltage[place])):
        assert head.get_xdata()[0] == volt
    assert micro[jump] < heads[0].get_ydata()[0] < micro[jump + 1]
    assert down.get_ydata()[0] < heads[1].get_ydata()[0] < down.get_ydata()[1]


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_load_lines_go_through_the_fold_and_meet_the_on_state(devices, scale):
    own, _ = pcm.plot.iv(devices, load=[0.0, 5e3], n=20, scale=scale).axes
    assert own.get_yscale() == scale
    place = np.unravel_index(np.argmax(devices.threshold_voltage()), devices.shape)
    look = devices.now()
    leads = look.cell.parameters.conduction.series_resistance
    lines = [line for line in own.lines if line.get_label().startswith("load line")]
    marks = [line for line in own.lines if line.get_marker() in ("^", "o")]
    assert [line.get_label() for line in lines] == ["load line, 1.8 k$\\Omega$", "load line, 6.8 k$\\Omega$"]
    for k, load in enumerate((0.0, 5e3)):
        volts, micro = lines[k].get_data()
        source = look.folds(load).up_voltage[place]
        assert volts + (leads + load) * 1e-6 * micro == pytest.approx(source, rel=1e-9)
        if scale == "linear":  # down to the short-circuit current
            assert volts[-1] == pytest.approx(0.0, abs=1e-9)
        for mark in marks[2 * k : 2 * k + 2]:
            volt, current = mark.get_xdata()[0], 1e-6 * mark.get_ydata()[0]
            assert volt + (leads + load) * current == pytest.approx(source, rel=1e-9)
            assert look.voltage(current)[0][place] == pytest.approx(volt, rel=1e-6)


def test_given_axes_and_one_device_are_drawn_into(devices):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots(1, 2)
    assert pcm.plot.iv(devices[0:1, 0:1], axes=axes) is figure
    assert axes[0].get_ylabel() == "current [µA]"


def test_bad_input_is_named(devices):
    with pytest.raises(ParameterError, match=r"load must hold .* within"):
        pcm.plot.iv(devices, load=-1.0)
    with pytest.raises(ParameterError, match="load must be one to six"):
        pcm.plot.iv(devices, load=np.ones(7))
    with pytest.raises(ParameterError, match="scale must be"):
        pcm.plot.iv(devices, scale="sqrt")
    with pytest.raises(ParameterError, match="axes must be two"):
        pcm.plot.iv(devices, axes=[1])
    with pytest.raises(ParameterError, match="devices must be a population"):
        pcm.plot.iv(3)
    with pytest.raises(ParameterError, match="n must be"):
        pcm.plot.iv(devices, n=0)

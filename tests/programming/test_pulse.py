"""Pulses: corner points, the steps that the kernels take through them, and honest refusals."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.programming import pulse as module

TAU = 1e-9
COOLING = sum(module._COOLING)
LENGTH = st.floats(-10, -3).map(lambda x: 10.0**x)
EDGE = st.just(0.0) | LENGTH


@st.composite
def pulses(draw):
    kind = draw(st.sampled_from(["current", "voltage"]))
    height = draw(st.floats(1e-6, 4.0))
    return pcm.Pulse(**{kind: height}, width=draw(LENGTH), rise=draw(EDGE), fall=draw(EDGE))


def drive_at(pulse, moment):
    """Drive over peak at a moment, from the corner points alone."""
    return np.interp(moment, pulse.time, pulse.drive) / pulse.peak


def test_corner_points_of_a_trapezoid():
    pulse = pcm.Pulse(current=440e-6, width=1e-6, rise=10e-9, fall=5e-9)
    assert pulse.time == pytest.approx([0.0, 10e-9, 1010e-9, 1015e-9], rel=1e-15)
    assert pulse.drive.tolist() == [0.0, 440e-6, 440e-6, 0.0]
    assert (pulse.kind, pulse.peak) == ("current", 440e-6)
    assert pulse.duration == pytest.approx(1015e-9, rel=1e-15)
    other = pcm.Pulse(voltage=-1.5, width=50e-9)
    assert (other.kind, other.peak) == ("voltage", -1.5)
    assert other.time.tolist() == [0.0, 0.0, 50e-9, 50e-9]


def test_position_of_current_and_width_in_the_signature():
    assert pcm.Pulse(1e-4, 50e-9).drive.tolist() == [0.0, 1e-4, 1e-4, 0.0]
    with pytest.raises(TypeError):
        pcm.Pulse(1e-4, 50e-9, 1.0)


@given(pulses())
def test_steps_add_up_to_the_pulse_and_the_cooling(pulse):
    steps = pulse.steps(TAU)
    assert steps.shape[1] == 4
    assert (steps[:, 0] > 0.0).all()
    assert math.fsum(steps[:, 0]) == pytest.approx(pulse.duration + COOLING * TAU, rel=1e-12)
    # the cooling is long enough for the heat to be gone: e^-7
    assert (steps[-len(module._COOLING) :, 3] == 0.0).all()
    assert COOLING >= 7.0
    assert len(steps) <= 64 + 2 * 20 + len(module._COOLING)


@given(pulses())
def test_decays_belong_to_the_durations(pulse):
    duration, half, whole, _ = pulse.steps(TAU).T
    # the exponent is rounded: a relative error of its size; below 1e-290 the halves are roots of vanishing numbers
    resolved = duration < 600 * TAU
    exact = np.exp(-duration[resolved] / TAU)
    allowed = 1e-15 * (2 + duration[resolved] / TAU)
    assert (np.abs(half[resolved] / np.sqrt(exact) - 1) <= allowed).all()
    assert (np.abs(whole[resolved] / exact - 1) <= allowed).all()
    assert (half[~resolved] < 1e-130).all()
    assert (whole[~resolved] < 1e-260).all()


@given(pulses())
def test_a_step_has_the_drive_of_its_middle(pulse):
    steps = pulse.steps(TAU)[: -len(module._COOLING)]
    ends = np.cumsum(steps[:, 0])
    middle = ends - 0.5 * steps[:, 0]
    # where rise is a millionth of the width the sum of steps rounds: the ramp is steep there
    steep = np.abs(np.diff(pulse.drive) / np.where(np.diff(pulse.time) > 0, np.diff(pulse.time), np.inf)).max()
    allowed = 1e-12 + 4e-15 * len(steps) * pulse.duration * steep / abs(pulse.peak)
    assert np.abs(steps[:, 3] - drive_at(pulse, middle)).max() <= allowed
    # charge: the middle of a linear piece is its mean
    area = 0.5 * ((pulse.drive[1:] + pulse.drive[:-1]) * np.diff(pulse.time)).sum()
    assert (steps[:, 0] * steps[:, 3]).sum() * pulse.peak == pytest.approx(area, rel=1e-9)


def test_steps_are_short_while_the_temperature_settles():
    """How short they have to be: `tests/cells/mushroom/test_steps.py`."""
    steps = pcm.Pulse(current=1e-4, width=1e-6, rise=5e-9, fall=5e-9).steps(TAU)
    rise, plateau = steps[:4], steps[4 : -4 - len(module._COOLING)]
    fall = steps[-4 - len(module._COOLING) : -len(module._COOLING)]
    assert rise[:, 0] == pytest.approx(4 * [1.25 * TAU])
    # then what is left, which the kernel cuts where much moves
    assert plateau[:, 0] == pytest.approx([3 * TAU, 9 * TAU, 27 * TAU, 961 * TAU])
    assert (plateau[:, 3] == 1.0).all()
    # even in what the drive has fallen by to the power of two thirds
    ends = np.cumsum(fall[:, 0]) / (5 * TAU)
    assert ends ** (2 / 3) == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_a_short_plateau_ends_in_halves():
    steps = pcm.Pulse(current=1e-4, width=50e-9).steps(TAU)
    assert steps[: -len(module._COOLING), 0] == pytest.approx([3 * TAU, 9 * TAU, 19 * TAU, 19 * TAU])


@given(length=st.floats(1e-11, 1e-3))
def test_a_plateau_is_never_more_than_four_steps(length):
    cuts = module._plateau(length, TAU)
    assert 1 <= cuts.size <= 4
    assert cuts.min() > 0.0
    assert cuts.sum() == pytest.approx(length, rel=1e-12)


@given(pulses())
def test_piecewise_makes_the_same_pulse(pulse):
    same = pcm.Pulse.piecewise(pulse.time, **{pulse.kind: pulse.drive})
    assert np.array_equal(same.time, pulse.time)
    assert np.array_equal(same.drive, pulse.drive)
    assert (same.kind, same.peak, same.duration) == (pulse.kind, pulse.peak, pulse.duration)
    assert np.array_equal(same.steps(TAU), pulse.steps(TAU))


def test_piecewise_staircase():
    pulse = pcm.Pulse.piecewise([0, 50e-9, 50e-9, 60e-9], current=[1e-4, 1e-4, 2e-4, 0.0])
    assert (pulse.peak, pulse.duration) == (2e-4, 60e-9)
    steps = pulse.steps(TAU)
    # a vertical edge takes no step; the first plateau stands at half of the peak
    plateau = steps[steps[:, 3] == 0.5]
    assert plateau[:, 0].sum() == pytest.approx(50e-9, rel=1e-12)
    assert math.fsum(steps[:, 0]) == pytest.approx(60e-9 + COOLING * TAU, rel=1e-12)
    # the largest magnitude counts, with its sign
    assert pcm.Pulse.piecewise([0, 1e-9, 2e-9], voltage=[1.0, -2.0, 1.5]).peak == -2.0


def test_a_pulse_of_nothing_has_steps_too():
    steps = pcm.Pulse(current=0.0, width=10e-9).steps(TAU)
    assert (steps[:, 3] == 0.0).all()
    assert math.fsum(steps[:, 0]) == pytest.approx(10e-9 + COOLING * TAU, rel=1e-12)


def test_a_pulse_cannot_be_changed_and_keeps_nothing_of_the_callers():
    time, drive = np.array([0.0, 1e-9, 2e-9]), np.array([1e-4, 1e-4, 0.0])
    pulse = pcm.Pulse.piecewise(time, current=drive)
    time[1], drive[0] = 5e-10, 1.0
    assert pulse.time[1] == 1e-9
    assert pulse.peak == 1e-4
    with pytest.raises(dataclasses.FrozenInstanceError):
        pulse.kind = "voltage"
    with pytest.raises(ValueError, match="read-only"):
        pulse.drive[0] = 1.0
    frozen = np.array([0.0, 1e-9])
    frozen.flags.writeable = False
    pcm.Pulse.piecewise(frozen, current=[1e-4, 1e-4])


PIECE = pcm.Pulse.piecewise
BAD = [
    (r"^current must be a number in A within .*; got nan A$", lambda: pcm.Pulse(current=math.nan, width=1e-9)),
    (r"^current must be a number in A within .*; got inf A$", lambda: pcm.Pulse(current=math.inf, width=1e-9)),
    (r"^voltage must be a number in V within .*; got '1'$", lambda: pcm.Pulse(voltage="1", width=1e-9)),
    (r"^current must be a number in A .*; got array", lambda: pcm.Pulse(current=np.ones(2), width=1e-9)),
    (r"^width must be a number in s within \(0, inf\); got 0 s$", lambda: pcm.Pulse(current=1e-4, width=0.0)),
    (r"^width must be a number in s within \(0, inf\); got -1e-09 s$", lambda: pcm.Pulse(current=1e-4, width=-1e-9)),
    (r"^width must be a number in s within \(0, inf\); got None$", lambda: pcm.Pulse(current=1e-4)),
    (r"^width must be .*; got nan s$", lambda: pcm.Pulse(current=1e-4, width=math.nan)),
    (r"^rise must be a number in s within \[0, inf\); got -1 s$", lambda: pcm.Pulse(1e-4, 1e-9, rise=-1.0)),
    (r"^fall must be a number in s within \[0, inf\); got inf s$", lambda: pcm.Pulse(1e-4, 1e-9, fall=math.inf)),
    (r"either a current \[A\] or a voltage \[V\]; got neither", lambda: pcm.Pulse(width=1e-9)),
    (r"either a current \[A\] or a voltage \[V\]; got both", lambda: pcm.Pulse(current=1e-4, voltage=1.0, width=1e-9)),
    (r"got neither$", lambda: PIECE([0.0, 1e-9])),
    (r"got both$", lambda: PIECE([0.0, 1e-9], current=[1, 1], voltage=[1, 1])),
    (r"^time must not decrease; time\[2\] = 1e-09 s follows time\[1\] = 2e-09 s",
     lambda: PIECE([0.0, 2e-9, 1e-9], current=[1e-4] * 3)),
    (r"^time must hold two or more points and start at 0 s; got 2 from 1e-09 s",
     lambda: PIECE([1e-9, 2e-9], current=[1e-4] * 2)),
    (r"^time must hold two or more points and start at 0 s; got 1 from 0 s", lambda: PIECE([0.0], current=[1e-4])),
    (r"^time must not be empty", lambda: PIECE([], current=[])),
    (r"^time: the pulse must be longer than 0 s", lambda: PIECE([0.0, 0.0], current=[1e-4] * 2)),
    (r"^time must have 1 axes; got shape \(1, 2\)", lambda: PIECE([[0.0, 1e-9]], current=[[1e-4] * 2])),
    (r"^time must hold finite numbers in s within \[0, inf\); time\[1\] is nan s",
     lambda: PIECE([0.0, math.nan], current=[1e-4] * 2)),
    (r"^time must hold .* time\[1\] is -1 s", lambda: PIECE([0.0, -1.0], current=[1e-4] * 2)),
    (r"^current must have shape \(2,\); got shape \(3,\)", lambda: PIECE([0.0, 1e-9], current=[1e-4] * 3)),
    (r"^voltage must hold finite numbers in V .*voltage\[0\] is nan V",
     lambda: PIECE([0.0, 1e-9], voltage=[math.nan, 1])),
]  # fmt: skip


@pytest.mark.parametrize(("message", "call"), BAD, ids=range(len(BAD)))
def test_bad_input_is_named_with_value_unit_and_range(message, call):
    with pytest.raises(ParameterError, match=message):
        call()

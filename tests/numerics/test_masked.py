"""No public function uses what a masked array hides: the number under a mask is no measurement."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.cells import load_cell

MASK = [[False, True], [False, False]]
HIDDEN = np.ma.array(np.full((2, 2), 1e-5), mask=MASK)
LINE = np.ma.array([0.1, 0.1], mask=[False, True])
FLAGS = np.ma.array(np.ones((2, 2), bool), mask=MASK)
STATISTICAL = load_cell("ibm-90nm-statistical")
PHYSICAL = load_cell("ibm-90nm-doped-gst")


def statistical():
    devices = STATISTICAL.population((2, 2), seed=1)
    devices.program(1e-5)
    return devices


def physical():
    return PHYSICAL.population((2, 2), seed=1)


def matrix():
    return pcm.AnalogMatrix(np.eye(2), STATISTICAL, seed=1)


def crossbar():
    return pcm.Crossbar(HIDDEN.data)


CALLS = {
    "cells": lambda: pcm.Crossbar(HIDDEN),
    "voltage": lambda: pcm.Bias.matvec(LINE),
    "left": lambda: pcm.Bias.voltages(rows=LINE, columns=0.0),
    "gate": lambda: pcm.Bias.matvec([0.1, 0.1], gate=LINE),
    "factor": lambda: pcm.Bias.matvec([0.1, 0.1]).scaled(LINE),
    "wires.row": lambda: pcm.Wires(row=LINE),
    "relative_std": lambda: crossbar().noise(pcm.Bias.matvec([0.1, 0.1]), HIDDEN),
    "factors": lambda: crossbar().ramp(pcm.Bias.matvec([0.1, 0.1]), LINE),
    "targets": lambda: statistical().program(HIDDEN),
    "targets of some": lambda: statistical().program(HIDDEN, where=np.ones((2, 2), bool) & ~np.eye(2, dtype=bool)),
    "where": lambda: statistical().program(1e-5, where=FLAGS),
    "voltage of devices": lambda: statistical().current(HIDDEN),
    "target": lambda: STATISTICAL.moments(HIDDEN),
    "targets of physical devices": lambda: physical().program(HIDDEN),
    "where of physical devices": lambda: physical().apply(pcm.Pulse(current=1e-4, width=1e-7), where=FLAGS),
    "amplitude": lambda: physical().apply(pcm.Pulse(current=1e-4, width=1e-7), amplitude=HIDDEN),
    "temperature": lambda: physical().disturb(1.0, np.ma.array(np.full((2, 2), 300.0), mask=MASK)),
    "voltage of physical devices": lambda: physical().current(HIDDEN),
    "weights": lambda: pcm.AnalogMatrix(HIDDEN, STATISTICAL),
    "x": lambda: matrix().matvec(LINE),
    "power": lambda: pcm.ThermalCrosstalk(pitch=200e-9).rise(HIDDEN),
    "voltage of a selector": lambda: pcm.Diode(1e-12).current(HIDDEN),
    "on": lambda: pcm.OTS().current(HIDDEN.data, on=FLAGS),
    "amplitudes": lambda: pcm.plot.programming_curve(PHYSICAL, amplitudes=np.ma.array([1e-5, 2e-5], mask=[0, 1]), n=1),
    "limits": lambda: pcm.plot.cell_map(HIDDEN.data, limits=LINE),
    "rows": lambda: pcm.plot.margins(HIDDEN.data, np.ma.array([0, 1], mask=[0, 1]), [0, 1]),
}


@pytest.mark.parametrize("name", CALLS)
def test_hidden_numbers_are_refused_by_name(name):
    with pytest.raises(pcm.ParameterError) as error:
        CALLS[name]()
    message = str(error.value)
    if name == "targets of some":  # as NaN would be, where it is asked for
        assert message.startswith("targets must hold finite numbers in S")
    else:
        argument = name.split(" of ")[0]
        assert message.startswith(f"{argument} must not hold masked values; {argument}["), message


def test_hidden_targets_of_devices_that_are_left_alone_do_not_matter():
    report = statistical().program(HIDDEN, where=~HIDDEN.mask)
    assert np.isnan(report.error[0, 1])


def test_what_is_masked_in_a_map_stays_white():
    figure = pcm.plot.cell_map(HIDDEN)
    assert np.isnan(figure.axes[0].images[0].get_array().filled(np.nan)[0, 1])

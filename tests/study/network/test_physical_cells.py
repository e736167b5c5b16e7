"""The study with physical cells: the same code, devices that are programmed by pulses."""

import warnings

import numpy as np
import pytest

from pcmphys.errors import ValidityWarning
from pcmphys.study import StudyConfig, run
from pcmphys.study.network import report

CELLS = ("ibm-90nm-statistical", "ibm-90nm-doped-gst", "ibm-90nm-projected")


@pytest.fixture(scope="module")
def dataset(small_network):
    settings = {"network": str(small_network), "cells": list(CELLS), "chips": 2, "times": [20.0, 3600.0, 86400.0]}
    with warnings.catch_warnings():
        # six weights a column: some outputs reach the end of the converter's range
        warnings.simplefilter("ignore", ValidityWarning)
        return run(settings)


def test_the_built_in_study_compares_statistical_physical_and_projected_cells():
    assert StudyConfig().cells == CELLS


def test_every_result_is_there(dataset):
    assert list(dataset["cell"].values) == list(CELLS)
    for name in ("accuracy", "matvec_error", "gain", "programming_error"):
        assert np.isfinite(dataset[name].values).all(), name


def test_physical_cells_drift_as_statistical_ones_do(dataset):
    # gain that compensates drift from 20 s to a day: 4320 ** 0.05 = 1.5; in a pair the liner's share cancels, so that
    # the difference of two projected cells drifts like their crystalline parts
    gain = dataset["gain"].sel(wires="ideal").mean(("chip", "layer"))
    growth = (gain.isel(time=2) / gain.isel(time=0)).to_series()
    for cell in CELLS:
        # 1.48 with a standard deviation of 0.03 over 8 seeds; 1.0 without drift, 2.3 with twice the exponent
        assert 1.33 < growth[cell] < 1.63, cell


def test_devices_are_the_same_with_and_without_wires(dataset):
    """Over 8 seeds of 36 errors each, wires change them by 5.5 % at most; other devices, the next chip's, by 26 %."""
    # programming happens once: only the wires and the reads after them differ
    assert dataset["programming_error"].dims == ("cell", "chip", "layer")
    ideal, wired = (dataset["matvec_error"].sel(wires=w).values for w in ("ideal", "IR drop"))
    assert (ideal != wired).any()
    assert wired == pytest.approx(ideal, rel=0.1)
    assert np.abs(wired[:, ::-1] / ideal - 1.0).max() > 0.25


def test_a_physical_cell_has_no_time_before_its_drift_law(dataset):
    assert not any(row[2].endswith(report.EARLY) for row in report.result_rows(dataset, "ibm-90nm-doped-gst"))

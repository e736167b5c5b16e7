"""Time that an export takes."""

import time

import pytest

import pcmphys as pcm


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
def test_a_physical_cell_is_exported_within_a_minute(tmp_path):
    """30 conductances at 20 times, 2000 devices each, with the report of its round trip; processor time."""
    cell = pcm.load_cell("ibm-90nm-doped-gst")
    pcm.export.aihwkit(cell, tmp_path / "warm", levels=2, times=2, devices=100)
    start = time.process_time()
    done = pcm.export.aihwkit(cell, tmp_path / "whole")
    assert time.process_time() - start < 60.0
    assert done.round_trip.source.conductance_mean.shape == (30, 20)
    assert done.round_trip.source.devices == 2000

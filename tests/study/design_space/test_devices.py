"""Devices of a design space: weak bits of all slices are those of all devices, and slices change nothing."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.study.design_space.devices import measure_slice, merged
from pcmphys.study.design_space.settings import DesignSpaceConfig, PulseOptions

PULSE = PulseOptions(current=460e-6, width=50e-9)
CELL = pcm.load_cell("ibm-90nm-doped-gst")


def config(**changes) -> DesignSpaceConfig:
    return DesignSpaceConfig(
        **{"devices": 60, "tail": 0.05, "slice": 25, "times": [20.0, 3600.0], "keep_reads": True, **changes}
    )


def slices(settings):
    starts = range(0, settings.devices, settings.slice)
    counts = [min(settings.slice, settings.devices - start) for start in starts]
    return [measure_slice(settings, CELL, PULSE, *span) for span in zip(starts, counts, strict=True)]


def test_the_weak_bits_are_those_of_all_devices_together():
    settings = config()
    parts = slices(settings)
    found = merged(settings, PULSE, CELL.parameters.leads, parts)
    high, low = np.concatenate([part["reads"] for part in parts], axis=2)
    assert high.shape == (2, 60)
    # three of sixty lie beyond the tail: the third weakest decides
    assert found["weak_high"].tolist() == np.sort(high, axis=1)[:, 2].tolist()
    assert found["weak_low"].tolist() == np.sort(low, axis=1)[:, -3].tolist()
    np.testing.assert_allclose(found["mean_high"], high.mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(found["mean_low"], low.mean(axis=1), rtol=1e-13)


def test_where_slices_are_cut_changes_no_device():
    whole, cut = (merged(settings, PULSE, 2e3, slices(settings)) for settings in (config(slice=60), config(slice=7)))
    for name in ("weak_high", "weak_low", "weak_threshold"):
        assert np.array_equal(whole[name], cut[name]), name
    for name in ("mean_high", "mean_low", "device_energy", "device_voltage"):
        np.testing.assert_allclose(whole[name], cut[name], rtol=1e-13)


def test_a_device_is_what_it_is_by_itself():
    """The same experiment, written out, on one device of the population."""
    settings = config()
    part = slices(settings)[1]
    device = CELL.population(1, seed=settings.seed, first_cell=30)
    device.apply(pcm.Pulse(current=460e-6, width=50e-9, fall=5e-9))
    device.wait(1.0)
    device.apply(pcm.Pulse(current=500e-6, width=100e-9, fall=3e-6))
    low = device.copy()
    low.wait(1.0)
    low.apply(pcm.Pulse(current=460e-6, width=50e-9, fall=5e-9))
    for state, one in enumerate((device, low)):
        start = one.time
        for k, time in enumerate(settings.times):
            one.wait(time - (one.time - start), 300.0)
            assert one.read()[0] == part["reads"][state, k, 5]


def test_energy_and_voltage_are_those_of_the_pulse():
    settings = config(devices=20, slice=20)
    found = merged(settings, PULSE, 2e3, slices(settings))
    charge = 460e-6 * (50e-9 + 2.5e-9)
    assert PULSE.charge == pytest.approx(charge)
    assert found["device_voltage"] == pytest.approx(found["device_energy"] / charge + 2e3 * 460e-6)
    assert 1.5 < found["device_voltage"] < 2.0


def test_a_hotter_month_is_another_month():
    cool, hot = (slices(config(devices=20, slice=20, temperature=kelvin))[0] for kelvin in (300.0, 340.0))
    assert np.array_equal(cool["reads"][:, 0] > 0.0, hot["reads"][:, 0] > 0.0)
    assert not np.array_equal(cool["reads"][1, 1], hot["reads"][1, 1])

"""Mushroom devices to draw."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm

RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
BOX = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)
CELLS = ("ibm-90nm-doped-gst", "ibm-90nm-projected")


@pytest.fixture(scope="module", params=CELLS)
def devices(request):
    """Devices between RESET and SET, with a wait that the glass has not lived through yet."""
    devices = pcm.load_cell(request.param).population((4, 5), seed=11)
    devices.apply(RESET)
    devices.apply(BOX, repeat=3, where=np.arange(20).reshape(4, 5) % 2 == 1)
    devices.read(where=np.arange(20).reshape(4, 5) < 7)
    devices.wait(37.0)
    return devices


@pytest.fixture(scope="module")
def reset():
    """Devices that were melted and never set: all sectors amorphous."""
    devices = pcm.load_cell("ibm-90nm-doped-gst").population(6, seed=5)
    devices.apply(RESET)
    devices.wait(100.0)
    return devices

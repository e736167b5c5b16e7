"""Physical cells that ngspice is given: every law of their conduction is in one of them."""

import shutil

import pytest

import pcmphys as pcm
from tests.cells.mushroom.mushroom_cells import emitting, varied

needs_ngspice = pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
PHYSICAL = pcm.load_cell("ibm-90nm-doped-gst")
CELLS = {
    "bare": PHYSICAL,
    "projected": pcm.load_cell("ibm-90nm-projected"),
    "edge": varied(conduction={"edge_conductance": 2e-7}),
    "emitting": emitting(),
}

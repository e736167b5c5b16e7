"""Cells as arrays of state: programming, waiting, reading. One file or folder a kind.

What there is
-------------
- *Statistical* cells (``ibm-90nm-statistical``, ``hermes-14nm-statistical``): published moments of programming error,
  drift and read noise, 36 bytes a device. No temperature, no pulses, no correlation between devices; drift from the
  reference time on.
- *Physical* mushroom cells (``ibm-90nm-doped-gst``, ``ibm-90nm-projected``): one state a device (rims and grains of 16
  sectors, age of the glass, traps) behind programming, I-V, threshold, drift, noise and retention, see
  `pcmphys.physics`. Reduced-order; most numbers are assumed or calibrated, and printed as such.
- Cells that are *trained in place* (``rram-gong2018``, ``ecram-tang2018``, ``capacitor-li2018``, ``pcm-nandakumar2018``
  and others): published update laws, what a pulse does to a conductance and how that spreads. No physics behind it.
- ``gst225-film``: nucleation and growth of a film, for the laws of crystallization alone.

A cell makes a population, a population has a history, a look is one moment of it:

>>> import numpy as np
>>> import pcmphys as pcm
>>> cell = pcm.load_cell("ibm-90nm-statistical")
>>> devices = cell.population((64, 64), seed=7)
>>> report = devices.program(np.full((64, 64), 12e-6))
>>> devices.wait(3600.0)
>>> look = devices.now()
>>> bool(0.5e-6 < look.conductance.std() < 1.5e-6)
True

Your own numbers
----------------
A parameter file with a ``base`` and the numbers that differ (``pcmphys cells show NAME`` lists them all), each in SI
units, with its kind and source: a key of your own BibTeX in ``mine.bib`` beside ``mine.toml``, a comma, and the place.

>>> from pathlib import Path
>>> _ = Path("mine.bib").write_text("@misc{wafer7, author = {We}, title = {Wafer 7, lot 3}, year = {2026}}")
>>> _ = Path("mine.toml").write_text('''
... name = "our-70nm"
... base = "ibm-90nm-doped-gst"
...
... [geometry]
... layer_thickness = { value = 60e-9, unit = "m", kind = "measured", source = "wafer7, TEM" }
... heater_radius = { value = 15e-9, unit = "m", kind = "assumed", note = "from the mask" }
... ''')
>>> pcm.load_cell("mine.toml").parameters.geometry.layer_thickness
6e-08

`but` changes a number for a trial; `pcmphys.fit` makes parameter files of measurements:

>>> changed = pcm.load_cell("ibm-90nm-doped-gst").but({"heat.on_voltage": 0.7}, source="mine")
>>> changed.technology.quantities["heat.on_voltage"].kind
'user'

Your own cell
-------------
Any object that offers what `pcmphys.cells.protocol` names (`Cell`, `Devices`, `Look`) works in crossbars, matrices and
studies. `pcmphys.testing.check_cell` says whether it keeps what they rely on; an entry point of your package makes
`load_cell` find it (`pcmphys.cells.kind`). A whole package of somebody else stands in ``tests/stranger``.

>>> len(pcm.testing.check_cell(cell))
13
"""

from pcmphys.cells.film import FilmCell, FilmHistory
from pcmphys.cells.mushroom.cell import MushroomCell
from pcmphys.cells.mushroom.devices import MushroomPopulation
from pcmphys.cells.mushroom.look import MushroomLook
from pcmphys.cells.protocol import Cell, Devices, Look
from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.devices import PulsedPopulation
from pcmphys.cells.pulsed.look import PulsedLook
from pcmphys.cells.pulsed.response import Nonlinearity, UpdateResponse
from pcmphys.cells.registry import load_cell
from pcmphys.cells.statistical.cell import StatisticalCell
from pcmphys.cells.statistical.devices import StatisticalPopulation
from pcmphys.cells.statistical.look import StatisticalLook

__all__ = [
    "Cell",
    "Devices",
    "FilmCell",
    "FilmHistory",
    "Look",
    "MushroomCell",
    "MushroomLook",
    "MushroomPopulation",
    "Nonlinearity",
    "PulsedCell",
    "PulsedLook",
    "PulsedPopulation",
    "StatisticalCell",
    "StatisticalLook",
    "StatisticalPopulation",
    "UpdateResponse",
    "load_cell",
]

"""Results for other programs, one target a file; and their device models back.

``pcmphys export TARGET CELL --out FOLDER`` on the command line; here, of any cell, shipped, fitted or your own:

- `aihwkit`: a module with a noise model that carries tables over target, quantile and time, and constructor arguments
  for aihwkit's own noise model; of a cell that is trained in place, a device of aihwkit's own kinds
- `crosssim`: a device class for CrossSim 3; `neurosim`: level table, output error by code, options for NeuroSim
- `update_tables`: steps and staircase of a cell that is trained in place, with NeuroSim's numbers for it
- `tables`: CSV, NetCDF with units, and a JSON schema of the columns
- `ngspice`: the exact netlist of a crossbar, of conductances or of devices in their present off-state;
  `ngspice_devices`: single devices as subcircuits, with age and temperature as parameters
- `sample`: the statistics of levels from which all but netlists are written; what was sampled once goes to any target
- `output_error`: what an array makes of its outputs, with wires, selectors, noise and converters in it
- `from_aihwkit`, `from_crosssim`, `from_table`: noise models and tables of measured conductances as statistical cells;
  `from_neurosim`, `from_jump_table`: cells that are trained in place

Each folder holds a page, ``round_trip.html``: what the target draws from the files, read back, against pcmphys in
bins of conductance. Means within 1 % and spreads within 3 % count as carried; a bin that misses is listed with the
reason. No target carries which devices make a pair, noise that goes on from one reading to the next, or temperature.

Examples
--------
>>> import pcmphys as pcm
>>> cell = pcm.load_cell("ibm-90nm-statistical")
>>> levels = pcm.export.sample(cell, levels=[5e-6, 20e-6], times=[20.0, 86400.0])
>>> done = pcm.export.tables(levels, "device")
>>> print(done.summary().splitlines()[1])
tables: 16 of 16 bins within bounds (means 1 %, spreads 3 %)
>>> import numpy as np
>>> targets, devices = np.repeat([5e-6, 20e-6], 500), cell.population(1000, seed=7)
>>> report = devices.program(targets)
>>> pcm.export.from_table(targets, devices.read(), source="wafer 7")
StatisticalCell('table-import')
"""

from pcmphys.export.aihwkit import aihwkit
from pcmphys.export.aihwkit_devices import ExportedDevice
from pcmphys.export.crosssim import crosssim
from pcmphys.export.exported import Exported
from pcmphys.export.importers import from_aihwkit, from_crosssim, from_table
from pcmphys.export.importers_pulsed import from_jump_table, from_neurosim
from pcmphys.export.levels import LevelStatistics, sample
from pcmphys.export.neurosim import neurosim
from pcmphys.export.ngspice import ngspice
from pcmphys.export.ngspice_devices import ngspice_devices
from pcmphys.export.outputs import OutputError, output_error
from pcmphys.export.round_trip import RoundTrip
from pcmphys.export.tables import tables
from pcmphys.export.updates import update_tables

__all__ = [
    "Exported",
    "ExportedDevice",
    "LevelStatistics",
    "OutputError",
    "RoundTrip",
    "aihwkit",
    "crosssim",
    "from_aihwkit",
    "from_crosssim",
    "from_jump_table",
    "from_neurosim",
    "from_table",
    "neurosim",
    "ngspice",
    "ngspice_devices",
    "output_error",
    "sample",
    "tables",
    "update_tables",
]

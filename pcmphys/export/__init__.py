"""Hand results to other programs, one target a file; and take their device models back."""

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
]

"""Hand results to other programs, one target a file."""

from pcmphys.export.aihwkit import aihwkit
from pcmphys.export.crosssim import crosssim
from pcmphys.export.exported import Exported
from pcmphys.export.levels import LevelStatistics, sample
from pcmphys.export.neurosim import neurosim
from pcmphys.export.ngspice import ngspice
from pcmphys.export.outputs import OutputError, output_error
from pcmphys.export.round_trip import RoundTrip
from pcmphys.export.tables import tables

__all__ = [
    "Exported",
    "LevelStatistics",
    "OutputError",
    "RoundTrip",
    "aihwkit",
    "crosssim",
    "neurosim",
    "ngspice",
    "output_error",
    "sample",
    "tables",
]

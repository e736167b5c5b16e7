"""pcmphys: device physics of phase-change memory, from measured devices to array statistics."""

from pcmphys import fit, plot, study
from pcmphys.crossbar import Bias, Crossbar, Wires
from pcmphys.errors import ConvergenceError, ParameterError, ValidityWarning
from pcmphys.matrix import AnalogMatrix, DifferentialPair, Periphery
from pcmphys.parameters import cite, list_cells
from pcmphys.population import Pulse, Scheme, load_cell

__all__ = [
    "AnalogMatrix",
    "Bias",
    "ConvergenceError",
    "Crossbar",
    "DifferentialPair",
    "ParameterError",
    "Periphery",
    "Pulse",
    "Scheme",
    "ValidityWarning",
    "Wires",
    "cite",
    "fit",
    "list_cells",
    "load_cell",
    "plot",
    "study",
]
__version__ = "0.1.0"

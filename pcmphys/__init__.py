"""pcmphys: device physics of phase-change memory, from measured devices to array statistics."""

from pcmphys import export, fit, plot, study
from pcmphys.crossbar import (
    OTS,
    Bias,
    Crossbar,
    Diode,
    Exponential,
    Selector,
    ThermalCrosstalk,
    Transistor,
    Wires,
    margin_map,
    read_margin,
    write_margin,
)
from pcmphys.errors import ConvergenceError, ParameterError, ValidityWarning
from pcmphys.matrix import (
    AnalogMatrix,
    DifferentialPair,
    Mapping,
    OptimisedSplit,
    Periphery,
    ReferenceColumn,
    SeveralPairs,
    Split,
    optimise_split,
)
from pcmphys.parameters import cite, list_cells
from pcmphys.population import Pulse, Scheme, load_cell

__all__ = [
    "OTS",
    "AnalogMatrix",
    "Bias",
    "ConvergenceError",
    "Crossbar",
    "DifferentialPair",
    "Diode",
    "Exponential",
    "Mapping",
    "OptimisedSplit",
    "ParameterError",
    "Periphery",
    "Pulse",
    "ReferenceColumn",
    "Scheme",
    "Selector",
    "SeveralPairs",
    "Split",
    "ThermalCrosstalk",
    "Transistor",
    "ValidityWarning",
    "Wires",
    "cite",
    "export",
    "fit",
    "list_cells",
    "load_cell",
    "margin_map",
    "optimise_split",
    "plot",
    "read_margin",
    "study",
    "write_margin",
]
__version__ = "0.1.0"

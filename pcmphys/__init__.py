"""pcmphys: device physics of phase-change memory, from measured devices to array statistics.

Every name is loaded when it is first used: ``import pcmphys`` itself runs nothing.
"""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys import chip, export, fit, plot, portrait, study, testing
    from pcmphys.cells import load_cell
    from pcmphys.chip import Floorplan, load_chip, tile_cost
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
    from pcmphys.parameters import cite, list_cells, list_chips, save_cell
    from pcmphys.programming import Pulse, Scheme
else:
    __getattr__, __dir__ = attach(
        __name__,
        {
            "pcmphys.cells": "load_cell",
            "pcmphys.chip": "Floorplan load_chip tile_cost",
            "pcmphys.crossbar": "OTS Bias Crossbar Diode Exponential Selector ThermalCrosstalk Transistor Wires "
            "margin_map read_margin write_margin",
            "pcmphys.errors": "ConvergenceError ParameterError ValidityWarning",
            "pcmphys.matrix": "AnalogMatrix DifferentialPair Mapping OptimisedSplit Periphery ReferenceColumn "
            "SeveralPairs Split optimise_split",
            "pcmphys.parameters": "cite list_cells list_chips save_cell",
            "pcmphys.programming": "Pulse Scheme",
        },
        rooms=(
            "cells", "chip", "constants", "crossbar", "errors", "export", "fit", "matrix", "nn", "numerics",
            "parameters", "physics", "plot", "portrait", "programming", "study", "testing",
        ),
    )  # fmt: skip

__all__ = [
    "OTS",
    "AnalogMatrix",
    "Bias",
    "ConvergenceError",
    "Crossbar",
    "DifferentialPair",
    "Diode",
    "Exponential",
    "Floorplan",
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
    "chip",
    "cite",
    "export",
    "fit",
    "list_cells",
    "list_chips",
    "load_cell",
    "load_chip",
    "margin_map",
    "optimise_split",
    "plot",
    "portrait",
    "read_margin",
    "save_cell",
    "study",
    "testing",
    "tile_cost",
    "write_margin",
]
__version__ = "0.1.0"

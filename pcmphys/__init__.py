"""pcmphys: device physics of phase-change memory, from measured devices to array statistics.

Each room has a guide of its own; ``help(pcm.fit)`` is shorter than ``help(pcm)``, which lists every class in full:

- ``help(pcm.cells)``: cells and their devices: program, wait, read, pulse; a cell of your own
- ``help(pcm.crossbar)``: arrays of them: wire resistance, selectors, noise, margins, writing through the array
- ``help(pcm.matrix)``, ``help(pcm.nn)``, ``help(pcm.training)``: products on tiles, networks in PyTorch on tiles,
  training in place
- ``help(pcm.chip)``: energy, time and area of chips of tiles
- ``help(pcm.fit)``, ``help(pcm.export)``: from measured data, and out to other simulators
- ``help(pcm.study)``, ``help(pcm.plot)``, ``help(pcm.portrait)``: studies in one command, figures, a page about a cell
- ``help(pcm.testing)``: a cell, a selector, a study of your own package: the suites that it must pass
- ``help(pcm.physics)``: the laws themselves, each with its source

Examples
--------
>>> import pcmphys as pcm
>>> devices = pcm.load_cell("ibm-90nm-statistical").population(1000, seed=7)
>>> report = devices.program(10e-6)  # [S]
>>> devices.wait(3600.0)  # [s]
>>> conductance = devices.read()  # [S]

Every name is loaded when it is first used: ``import pcmphys`` itself runs nothing.
"""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys import chip, export, fit, plot, portrait, study, testing, training
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
    from pcmphys.training import (
        Buffered,
        Chopped,
        DynamicReference,
        MixedPrecision,
        OneSided,
        PairCell,
        Sgd,
        TikiTaka,
        TrainableMatrix,
        UpdateTrains,
    )
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
            "pcmphys.training": "Buffered Chopped DynamicReference MixedPrecision OneSided PairCell Sgd TikiTaka "
            "TrainableMatrix UpdateTrains",
        },
        rooms=(
            "cells", "chip", "constants", "crossbar", "errors", "export", "fit", "matrix", "nn", "numerics",
            "parameters", "physics", "plot", "portrait", "programming", "study", "testing", "training",
        ),
    )  # fmt: skip

__all__ = [
    "OTS",
    "AnalogMatrix",
    "Bias",
    "Buffered",
    "Chopped",
    "ConvergenceError",
    "Crossbar",
    "DifferentialPair",
    "Diode",
    "DynamicReference",
    "Exponential",
    "Floorplan",
    "Mapping",
    "MixedPrecision",
    "OneSided",
    "OptimisedSplit",
    "PairCell",
    "ParameterError",
    "Periphery",
    "Pulse",
    "ReferenceColumn",
    "Scheme",
    "Selector",
    "SeveralPairs",
    "Sgd",
    "Split",
    "ThermalCrosstalk",
    "TikiTaka",
    "TrainableMatrix",
    "Transistor",
    "UpdateTrains",
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
    "training",
    "write_margin",
]
__version__ = "0.1.0"

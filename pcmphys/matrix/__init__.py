"""Weights on tiles: conductance mapping, converters, matrix-vector products, drift compensation."""

from pcmphys.matrix.analog_matrix import AnalogMatrix
from pcmphys.matrix.mapping import (
    DifferentialPair,
    Mapping,
    OptimisedSplit,
    ReferenceColumn,
    SeveralPairs,
    Split,
    optimise_split,
)
from pcmphys.matrix.periphery import Periphery
from pcmphys.matrix.snapshot import Snapshot

__all__ = [
    "AnalogMatrix",
    "DifferentialPair",
    "Mapping",
    "OptimisedSplit",
    "Periphery",
    "ReferenceColumn",
    "SeveralPairs",
    "Snapshot",
    "Split",
    "optimise_split",
]

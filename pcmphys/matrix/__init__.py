"""Weights on tiles: conductance mapping, converters, matrix-vector products, drift compensation."""

from pcmphys.matrix.analog_matrix import AnalogMatrix, Snapshot
from pcmphys.matrix.mapping import DifferentialPair
from pcmphys.matrix.periphery import Periphery

__all__ = ["AnalogMatrix", "DifferentialPair", "Periphery", "Snapshot"]

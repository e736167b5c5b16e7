"""Weights on tiles: conductance mapping, converters, matrix-vector products, drift compensation.

>>> import numpy as np
>>> import pcmphys as pcm
>>> weights = np.random.default_rng(0).normal(size=(30, 10))
>>> matrix = pcm.AnalogMatrix(weights, pcm.load_cell("hermes-14nm-statistical"), tile=(16, 16))
>>> report = matrix.program()
>>> matrix.wait(86400.0)
>>> gains = matrix.calibrate()
>>> y = np.ones((5, 30)) @ matrix
>>> bool(np.linalg.norm(y - np.ones((5, 30)) @ weights) < 0.5 * np.linalg.norm(np.ones((5, 30)) @ weights))
True

Weights sit on differential pairs, on several pairs of devices (``mapping=pcm.SeveralPairs(pairs=2, factor=2.0)``,
with a split that `optimise_split` optimises for the error at a time) or against a shared `ReferenceColumn`;
``selector=`` and ``gate=`` put selectors under the product, ``wires=`` IR drop. `Periphery` holds the converters.

Validity: all inputs of one batch meet the same conductances; converters have no offset or noise of their own; behind a
selector devices are taken as ohmic.
"""

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

"""From weights to conductances and back: one mapping a file, and the split of a weight over several pairs."""

from pcmphys.matrix.mapping.base import Mapping
from pcmphys.matrix.mapping.differential_pair import DifferentialPair
from pcmphys.matrix.mapping.optimise import OptimisedSplit, optimise_split
from pcmphys.matrix.mapping.reference_column import ReferenceColumn
from pcmphys.matrix.mapping.several_pairs import SeveralPairs
from pcmphys.matrix.mapping.split import Split

__all__ = [
    "DifferentialPair",
    "Mapping",
    "OptimisedSplit",
    "ReferenceColumn",
    "SeveralPairs",
    "Split",
    "optimise_split",
]

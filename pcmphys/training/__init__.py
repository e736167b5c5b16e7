"""Matrices that learn where they stand: trains of pulses, and the rules that train with them.

A `TrainableMatrix` multiplies forward and backward on arrays of devices (`pcmphys.cells.pulsed`) and takes outer
products as updates. What becomes of an update is the rule's affair: `Sgd` sends it to the weights; `TikiTaka`,
`Buffered`, `Chopped` and `DynamicReference` to a second array from which the weights are written; `MixedPrecision` adds
it up digitally; `OneSided` trains pairs of devices that only go up; `PairCell` a capacitor beside a pair.

A rule of your own is a subclass of `pcmphys.training.rules.rule.Rule`.

Examples
--------
Soft bounds draw weights to their symmetry point, and two arrays mend it: a regression on one output.

>>> import numpy as np
>>> import pcmphys as pcm
>>> rng = np.random.default_rng(0)
>>> target = rng.uniform(-0.5, 0.5, (8, 2))
>>> def distance(rule, rate):
...     matrix = pcm.TrainableMatrix((8, 2), pcm.load_cell("ecram-tang2018"), rule, seed=1)
...     for _ in range(300):
...         x = rng.normal(size=(4, 8))
...         matrix.update(x, matrix.forward(x) - x @ target, rate)
...     return float(np.abs(matrix.weights - target).mean())
>>> distance(pcm.Sgd(), 0.01) < 0.05
True
"""

from pcmphys.training.matrix import TrainableMatrix
from pcmphys.training.plane import PulseCounts
from pcmphys.training.rules.buffered import Buffered
from pcmphys.training.rules.chopped import Chopped
from pcmphys.training.rules.dynamic_reference import DynamicReference
from pcmphys.training.rules.mixed_precision import MixedPrecision
from pcmphys.training.rules.one_sided import OneSided
from pcmphys.training.rules.pair_cell import PairCell
from pcmphys.training.rules.sgd import Sgd
from pcmphys.training.rules.tiki_taka import TikiTaka
from pcmphys.training.trains import UpdateTrains

__all__ = [
    "Buffered",
    "Chopped",
    "DynamicReference",
    "MixedPrecision",
    "OneSided",
    "PairCell",
    "PulseCounts",
    "Sgd",
    "TikiTaka",
    "TrainableMatrix",
    "UpdateTrains",
]

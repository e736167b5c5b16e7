"""Matrices that learn where they stand: trains of pulses, and the rules that train with them.

A `TrainableMatrix` multiplies forward and backward on arrays of devices (`pcmphys.cells.pulsed`) and takes outer
products as updates. What becomes of an update is the rule's affair: `Sgd` sends it to the weights; `TikiTaka`,
`Buffered`, `Chopped` and `DynamicReference` to a second array from which the weights are written; `MixedPrecision` adds
it up digitally; `OneSided` trains pairs of devices that only go up; `PairCell` a capacitor beside a pair.

Which rule: where steps up and down are alike (constant steps, ECRAM) plain `Sgd` is hard to beat, and a fast array,
which forgets nothing there, only delays; where they differ and grow apart towards the bounds (soft bounds, RRAM) `Sgd`
ends at the devices' symmetry points, and the rules with two arrays do better. These have numbers that must fit the
task: what A gathers between two reads of a line should be many steps of its devices and small against their window, and
a weight moves by no more than ``most`` steps each time that its line is read. ``scaled=True`` takes care of the first.

A rule of your own is a subclass of `pcmphys.training.rules.rule.Rule`.

Examples
--------
Soft bounds draw weights to the symmetry points of their devices, and a second array mends part of it: a regression on
eight outputs, and the mean distance of its weights from their target.

>>> import numpy as np
>>> import pcmphys as pcm
>>> rng = np.random.default_rng(0)
>>> target = rng.uniform(-0.5, 0.5, (16, 8))
>>> def distance(rule, rate):
...     matrix = pcm.TrainableMatrix((16, 8), pcm.load_cell("rram-gong2018-softbounds"), rule, seed=1)
...     inputs = np.random.default_rng(1)
...     for _ in range(1000):
...         x = inputs.normal(size=(4, 16))
...         matrix.update(x, matrix.forward(x) - x @ target, rate)
...     return float(np.abs(matrix.weights - target).mean())
>>> buffered = pcm.Buffered(scaled=True, fast_rate=0.5, granularity=20.0, most=10)
>>> [round(distance(rule, 0.02), 2) for rule in (pcm.Sgd(), pcm.TikiTaka(), buffered)]
[0.14, 0.11, 0.1]
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

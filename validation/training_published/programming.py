"""Weights that are learned from a linear target on devices of twenty states (Rasch 2024, Fig. 4)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import pcmphys as pcm
from pcmphys.training.rules.rule import Rule

OFFSETS = (0.0, 0.1, 0.5, 1.0)
"""Spread over devices of the reference of the fast array, in weight."""
SEEDS = (1, 2, 3)
SIDE, SAMPLES, RATE = 20, 20_000, 0.1
_SHARED = {"scaled": True, "fast_rate": 0.1, "granularity": 200.0}
RULES: dict[str, Callable[[pcm.PulsedCell], Rule]] = {
    "SGD": lambda fast: pcm.Sgd(),
    "TTv2": lambda fast: pcm.Buffered(fast=fast, **_SHARED),
    "c-TTv2": lambda fast: pcm.Chopped(fast=fast, chop=0.1, regular=True, **_SHARED),
    "AGAD": lambda fast: pcm.DynamicReference(fast=fast, chop=0.1, tail=5.0, **_SHARED),
}


def twenty_states(offset: float, bounds: float) -> pcm.PulsedCell:
    """Soft bounds with twenty steps between them, spread and noise of 30 %, and a reference that is off."""
    law = "soft_bounds_reference"
    change = {
        f"{law}.step": 0.1, f"{law}.noise": 0.3, f"{law}.constant_noise": 0.0, f"{law}.reference_spread": offset,
        f"{law}.at_symmetry_point": 1.0, "pulse.gain_spread": 0.3, "pulse.gain_log_spread": 0.0,
        "pulse.imbalance_spread": 0.1, "pulse.write_noise": 0.0, "window.minimum_spread": bounds,
        "window.maximum_spread": bounds,
    }  # fmt: skip
    return pcm.load_cell("rram-gong2022-hfo2").but(change, source="Rasch 2024, Figs. 3 and 4")


def weight_error(rule: str, offset: float, seed: int, samples: int = SAMPLES) -> float:
    """Std of the weights' distance from their target [%] at the end; target and inputs are the same for all."""
    random = np.random.default_rng(7)
    target = random.uniform(-0.5, 0.5, (SIDE, SIDE))
    made = RULES[rule](twenty_states(offset, 0.3))
    matrix = pcm.TrainableMatrix(
        target.shape, twenty_states(0.0, 0.0), made, seed=seed, trains=pcm.UpdateTrains(length=5),
        periphery=pcm.Periphery(8, 8),
    )  # fmt: skip
    for x in random.normal(size=(samples, SIDE)):
        matrix.update(x, matrix.forward(x) - x @ target, RATE)
    return 100.0 * float(np.std(matrix.weights - target))

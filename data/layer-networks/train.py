"""Train the networks of ``pcmphys study layers``, without and with the noise of devices; see SOURCE.md.

    python data/layer-networks/train.py [convolution] [lstm] [transformer] [characters] [--out DIR]

Writes NAME-plain.npz and NAME-aware.npz and prints scores on the test data, which are used for nothing else. Needs the
extras ``torch`` and ``data``. Every random number comes from a seed below.
"""

import argparse
import copy
import math
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

import pcmphys as pcm
from pcmphys import nn
from pcmphys.nn.examples import TRAININGS, example, score

CELL = "hermes-14nm-statistical"
TIMES = (200.0, 3e7)
SEED = 1


UNIT_CELL = pcm.SeveralPairs(pairs=2, factor=1.0)
"""Two devices a polarity, as in a unit cell of HERMES."""


class Recipe(NamedTuple):
    """Epochs and rates of the trainings that both begin with, and of what goes on; then what they share.

    ``pretrained``: the first trainings are those of the plain weights, and only the noise-aware ones go on. Otherwise
    both do, for equally many epochs.
    """

    first: tuple[tuple[int, float], ...]
    more: tuple[int, float]
    batch: int
    decay: float = 1e-4
    shift: int = 0
    jitter: float = 0.0
    mapping: pcm.Mapping | None = None
    pretrained: bool = False
    clip: float = 2.5


RECIPES = {
    "convolution": Recipe(((40, 2e-3),), (30, 1e-3), 64, shift=2),
    "lstm": Recipe(((120, 3e-3),), (120, 2e-3), 30, jitter=0.3),
    "transformer": Recipe(((24, 3e-3), (8, 1e-3), (20, 2e-3)), (20, 2e-3), 32, mapping=UNIT_CELL, pretrained=True),
    "characters": Recipe(((15, 4e-3), (10, 3e-3)), (10, 2e-3), 32, mapping=UNIT_CELL, pretrained=True, clip=2.0),
}


def shifted(x, most, generator):
    """Images moved by up to ``most`` pixels in either direction, every image by its own."""
    if not most:
        return x
    padded = torch.nn.functional.pad(x, [most] * 4)
    moves = torch.randint(0, 2 * most + 1, (len(x), 2), generator=generator).tolist()
    side = x.shape[-1]
    return torch.stack([one[:, i : i + side, j : j + side] for one, (i, j) in zip(padded, moves, strict=True)])


def train(module, split, recipe, epochs, rate):
    """Adam with a cosine that falls to zero; the global generator serves dropout, ours the rest."""
    generator = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED)
    optimiser = torch.optim.AdamW(module.parameters(), rate, weight_decay=recipe.decay)
    inputs, labels = torch.from_numpy(split.inputs), torch.from_numpy(split.labels)
    steps = epochs * math.ceil(len(inputs) / recipe.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    module.train()
    for _ in range(epochs):
        for chosen in torch.randperm(len(inputs), generator=generator).split(recipe.batch):
            optimiser.zero_grad()
            given = shifted(inputs[chosen], recipe.shift, generator)
            if recipe.jitter:
                given = given + recipe.jitter * torch.randn(given.shape, generator=generator)
            found = module(given)
            torch.nn.functional.cross_entropy(found.flatten(0, -2), labels[chosen].flatten()).backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return module.eval()


def save(module, path):
    np.savez_compressed(path, **{name: value.numpy() for name, value in module.state_dict().items()})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[], help="of networks; all by default")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.names or RECIPES:
        recipe, split = RECIPES[name], example(name).data()
        torch.manual_seed(SEED)
        base = example(name).make()
        for epochs, rate in recipe.first:
            train(base, split, recipe, epochs, rate)
        for training in TRAININGS:
            start = time.process_time()
            module = copy.deepcopy(base)
            if training == "aware":
                options = {"mapping": recipe.mapping, "clip": recipe.clip, "seed": SEED}
                nn.hardware_aware(module, pcm.load_cell(CELL), TIMES, **options)
            if training == "aware" or not recipe.pretrained:
                train(module, split, recipe, *recipe.more)
            if training == "aware":
                print(name, "ranges", nn.learned_ranges(module))
            nn.plain(module)
            save(module, given.out / f"{name}-{training}.npz")
            found = score(module, split.tests, split.right)
            print(f"{name} {training} {found} {time.process_time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()

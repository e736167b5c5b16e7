"""Training in place on the whole of Fashion-MNIST: 1.8 million updates of images, where Debian's package is installed.

The question is that of a user of aihwkit (issue 236 of it, 2021): the network of its examples on RRAM and ECRAM
reached about 85 %, the PCM preset less than 60 %, and the answer was that it has too few states for updates in place.
The second is that of Gokmen 2016: devices of 1200 constant steps with all their spread cost next to nothing.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

import pcmphys as pcm
from pcmphys.plot import style
from pcmphys.plot.figures import save_figure
from pcmphys.study.training.network import FloatMatrix, Matrix, error, first_weights, learn
from validation.result import MODEL, NOT_CHECKABLE, Result
from validation.training_fashion.images import clothes

NAME = "training_fashion"
TITLE = "Training in place on Fashion-MNIST: RRAM, ECRAM and PCM pairs by plain descent; constant steps"
NOTES = (
    "784-256-128-10, sigmoids, 60 000 images, 30 passes, one seed; accuracies are of the last pass, on 10 000 tests "
    "(standard error 0.4 points). The first four: 8 images an update, rate 0.01 on the mean of their gradients, images "
    "less their mean over their std, as the toolkit's own training of Fashion-MNIST has them (BasicTraining); "
    "converters of 7 and 9 bits without the output noise of its presets. PCM pairs are refreshed after each update, as "
    "by that preset. (The example of the toolkit whose settings the question quotes does not pass its rate on: run as "
    "it is, it learns at 0.05.) The last two: images from 0 to 1, one an update, rates of 0.01, 0.005, 0.0025, ten "
    "passes each; weights to 0.6, steps of 0.001, as Gokmen 2016 has them: the toolkit's preset has weights to 1."
)
KNOWN_MISSES = {
    "RRAM: test accuracy [%]": (
        "66 % after thirty passes (54 to 74 % in twelve with images from 0 to 1): steps of this preset vary by five "
        "times their size, and a weight reads 0.1 off what it is. So they did in the toolkit of that month (0.3.0: the "
        "same law, numbers and mean of the gradients, by its code), and do in aihwkit 1.1.0: 25, 32 and 35 % after 10 "
        "000, 20 000 and 30 000 images at the same settings, where this has 27, 34 and 45 %. It is not the reading of "
        "the rate: 0.01 on the sum of the eight gradients gives 68 and 66 % after one and two passes (floating point "
        "84 and 85 %). Nor the other preset, of soft bounds: 46 and 54 %, on the sum 63 and 68 %. The web pages "
        "offered both, by plain descent and by Tiki-Taka; which it was is not told"
    ),
    "constant steps (Gokmen 2016): loss against floating point [points]": (
        "chance of the pulses: a change of a tenth of a step is a whole step in one of ten updates, so that a weight "
        "walks by the root of step times all its changes, at any rate of learning. After one pass the first layer's "
        "weights are 0.046 rms: 0.032 of the descent, as in floating point, and 0.032 of that walk, computed from its "
        "changes (0.100 of 0.070 and 0.057 in the second). The loss goes down with the step: after six passes, two a "
        "rate, 85.4 % in floating point, 85.1 % here, 84.8 % with the toolkit's preset, whose steps and bounds are 1.7 "
        "times as large (after thirty passes 0.9 points here, 1.6 there). Clothes bring 162 of squared input an image "
        "to weigh that noise with, digits, for which the 0.3 points were published, 88. No chance was cut off, and one "
        "product in 100 000 clipped; after two passes 82.9 % in floating point is 83.0 % within these devices' bounds "
        "and 82.5 % on them, 82.6 % with ideal converters, 82.0 % on devices without any spread or noise of steps: no "
        "one of these brings the loss back"
    ),
}
LONG = True
"""Half an hour of one core, and a package of Debian: by its name, see --update."""
SIZES, PASSES = (784, 256, 128, 10), 30
BOUND = 0.6
"""Largest weight of Gokmen and Vlasov 2016, with steps of 0.001: the device's own file has both relative to it."""
FULL = 255.0
MEAN, STD = 0.2860, 0.3205
"""Of the training pixels, as aihwkit takes them."""
QUICK_IMAGES, QUICK_PASSES = 400, 2


class Schedule(NamedTuple):
    """Images an update, the rate of each pass on the sum of their gradients, and whether images are normalised."""

    batch: int
    rates: tuple[float, ...]
    normalised: bool = False

    def pixels(self, images: np.ndarray) -> np.ndarray:
        """What goes into the network."""
        return (images / FULL - MEAN) / STD if self.normalised else images / FULL


TOOLKIT = Schedule(8, (0.01 / 8,) * PASSES, normalised=True)
GOKMEN = Schedule(1, (0.01,) * 10 + (0.005,) * 10 + (0.0025,) * 10)


class Training(NamedTuple):
    """A schedule, the cell (none: floating point), and the weight that a device's weight of one stands for."""

    schedule: Schedule
    cell: str = ""
    scale: float = 1.0


TRAININGS = {
    "floating point": Training(TOOLKIT),
    "RRAM": Training(TOOLKIT, "rram-gong2018"),
    "ECRAM": Training(TOOLKIT, "ecram-tang2018"),
    "PCM pairs": Training(TOOLKIT, "pcm-nandakumar2020"),
    "floating point, one image an update": Training(GOKMEN),
    "constant steps, one image an update": Training(GOKMEN, "rpu-gokmen2016", scale=BOUND),
}
Accuracies = Mapping[str, np.ndarray]


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """All trainings, then what they say."""
    clothes()
    found = {name: trained(name, quick) for name in TRAININGS}
    save_figure(figure(found), out / "figure.png")
    return conclusions(found)


def trained(name: str, quick: bool) -> np.ndarray:
    """Test accuracy [%] after each pass; quick: two passes over 400 images, one test in ten."""
    data = clothes()
    training = TRAININGS[name]
    schedule = training.schedule
    count, rates = (QUICK_IMAGES, schedule.rates[:QUICK_PASSES]) if quick else (len(data.inputs), schedule.rates)
    some = slice(None, None, 10 if quick else 1)
    layers = layers_of(training)
    order, found = np.random.default_rng([1, 1]), []
    for rate in rates:
        every = order.permutation(len(data.inputs))[:count]
        for start in range(0, count, schedule.batch):
            chosen = every[start : start + schedule.batch]
            learn(layers, schedule.pixels(data.inputs[chosen]), data.labels[chosen], rate)
        found.append(100.0 - 100.0 * error(layers, schedule.pixels(data.tests[some]), data.right[some]))
    return np.array(found)


def layers_of(training: Training) -> list[Matrix]:
    """Layers with the same first weights for all, on devices of a cell; in floating point without one."""
    weights = first_weights(SIZES, 1)
    if not training.cell:
        return [FloatMatrix(each) for each in weights]
    cell = pcm.load_cell(training.cell)
    rule = pcm.OneSided(refresh=training.schedule.batch) if cell.one_sided else pcm.Sgd()
    layers: list[Matrix] = []
    first_cell = 0
    for each in weights:
        matrix = pcm.TrainableMatrix(each.shape, cell, rule, scale=training.scale, seed=1, first_cell=first_cell)
        matrix.program(each)
        first_cell = matrix.last_cell
        layers.append(matrix)
    return layers


def conclusions(found: Accuracies) -> list[Result]:
    """Accuracies against those that were told, and the loss of constant steps."""
    told = "aihwkit, issue 236: about 85 % by its web pages"
    last = {name: float(each[-1]) for name, each in found.items()}
    alone, steps = (last[name] for name, training in TRAININGS.items() if training.schedule is GOKMEN)
    return [
        *(
            Result(f"{name}: test accuracy [%]", last[name], told, "85 +- 2", abs(last[name] - 85.0) <= 2.0, MODEL)
            for name in ("RRAM", "ECRAM")
        ),
        Result("PCM pairs: test accuracy [%]", last["PCM pairs"], "aihwkit, issue 236: less than 60 %", "<= 65",
               last["PCM pairs"] <= 65.0, MODEL),
        Result("floating point, the same rate and order: test accuracy [%]", last["floating point"],
               "no reference: shows what the rate leaves", "shown", True, NOT_CHECKABLE),
        Result("constant steps (Gokmen 2016): loss against floating point [points]", alone - steps,
               f"accuracy in floating point {alone:.1f} %; published: 0.3 points on MNIST", "<= 0.5",
               alone - steps <= 0.5, MODEL),
    ]  # fmt: skip


def figure(found: Accuracies) -> Figure:
    """Accuracies over the passes."""
    with style.figure(1, 1, figsize=(7.2, 4.8)) as (made, axes):
        colours = (style.BLACK, style.VERMILION, style.BLUE, style.PURPLE, style.GREY, style.GREEN)
        for (name, each), colour in zip(found.items(), colours, strict=True):
            axes.plot(np.arange(each.size) + 1, each, "o-", ms=3, color=colour, label=name)
        axes.axhspan(83.0, 87.0, color=style.GREY, alpha=0.15, lw=0, label="told of RRAM and ECRAM: about 85 %")
        axes.set_xlabel("pass over 60 000 images")
        axes.set_ylabel("accuracy on 10 000 tests [%]")
        made.legend(fontsize=8, loc="outside lower center", ncols=3)
        return made

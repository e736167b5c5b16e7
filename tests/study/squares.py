"""A third kind of study, quick or as slow as one likes; ``python -m tests.study.squares`` is pcmphys with it."""

from __future__ import annotations

import time
from typing import ClassVar, Literal

import numpy as np

from pcmphys.study import registry
from pcmphys.study.kind import Kind
from pcmphys.study.plan import Plan, labelled
from pcmphys.study.settings import NotNegative, Positive, Settings


class SquareSettings(Settings):
    """Squares of some numbers; ``pause`` [s] is what each takes."""

    built_in: ClassVar[str] = "square"
    template: ClassVar[str] = 'study = "square"\nsides = [1.0, 2.0]\n'
    doing: ClassVar[str] = "multiplying"

    study: Literal["square"] = "square"
    sides: tuple[Positive, ...] = (1.0, 2.0)
    pause: NotNegative = 0.0
    title: str = "squares"


class Squares(Plan):
    """One chunk a number."""

    def __init__(self, config):
        self.config = config
        self.chunks = [(k,) for k in range(len(config.sides))]

    def task(self, key):
        return square, (self.config.sides[key[0]], self.config.pause)

    def dataset(self, parts):
        variables = {"area": (("side",), [part["area"] for part in parts], "m2", "area of a square")}
        return labelled(self.config, self.config.title, variables, {"side": list(self.config.sides)}, {})


KIND = Kind(SquareSettings, Squares)


def square(side, pause, tick=None):
    time.sleep(pause)
    if tick is not None:
        tick()
    return {"area": np.array(side * side)}


def main():
    from pcmphys.cli import main as command

    registry.KINDS = (*registry.KINDS, KIND)
    command()


if __name__ == "__main__":
    main()

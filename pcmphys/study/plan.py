"""A study that is ready to run: independent chunks, and how their results become one data set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.numerics.cache import source_fingerprint
from pcmphys.numerics.parts import Part
from pcmphys.study.settings import Settings

if TYPE_CHECKING:
    import xarray as xr

Key = tuple[int, ...]
Variables = dict[str, tuple[Any, ...]]
"""Axes, values, unit and text of each variable of a data set, by name."""


class Plan(ABC):
    """Chunks of a study and their assembly; one subclass for each kind of study.

    Attributes
    ----------
    config : Settings
    chunks : list of tuple of int
        A key for each chunk; one that needs another's part comes after it.
    steps : int
        Steps of progress in each chunk.
    """

    config: Settings
    chunks: list[Key]
    steps: int = 1

    def content(self) -> str:
        """What the results depend on besides settings and program; a finished chunk counts for the same only."""
        return ""

    def memory(self) -> int:
        """Most memory [bytes] that one chunk takes in its worker, besides the program itself; 0: not known."""
        return 0

    def needs(self, key: Key) -> list[Key]:
        """Chunks whose parts this one starts from."""
        return []

    def handed_on(self, key: Key, part: Part) -> Part | None:
        """What other chunks need of a part, if that is little; None: it is read from disk again when it is needed.

        Asked only where results are too large for memory.
        """
        return None

    @abstractmethod
    def task(self, key: Key, *needed: Part) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """Function and arguments that give the `Part` of a chunk, whose ``needed`` parts are those of `needs`.

        Both travel to other processes, and the function has no other input: the result does not depend on where or
        when it runs. It is called with one argument more, to be called after each step, in the process of the study.
        """

    @abstractmethod
    def dataset(self, parts: list[Part]) -> xr.Dataset:
        """The labelled results (xarray.Dataset, see `labelled`), from the part of each chunk."""


def labelled(
    config: Settings, title: str, variables: Variables, coordinates: dict[str, Any], attributes: dict[str, str]
) -> xr.Dataset:
    """A data set with a unit on every variable, and settings and versions as attributes."""
    import xarray as xr

    data = {
        name: (axes, np.asarray(values, dtype=float), {"units": unit, "long_name": text})
        for name, (axes, values, unit, text) in variables.items()
    }
    common = {
        "title": title,
        "study": config.study,
        "settings": config.model_dump_json(),
        "pcmphys_version": metadata.version("pcmphys"),
    }
    return xr.Dataset(data, coordinates, {**common, **attributes})


def fingerprint(plan: Plan) -> str:
    """What a study's results belong to: settings, content and program."""
    return f"{plan.config.digest()}-{source_fingerprint(plan.content())}"

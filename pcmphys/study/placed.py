"""Studies of which each chunk fills a place of its own in the results, which can then be written chunk by chunk."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.numerics.parts import Part
from pcmphys.study.plan import Key, Plan, Variables, labelled

if TYPE_CHECKING:
    import xarray as xr

Places = dict[str, tuple[tuple[Any, ...], np.ndarray]]
"""Where in a variable a chunk's numbers go, and the numbers."""


class Filling(NamedTuple):
    """A variable that chunks fill.

    Attributes
    ----------
    axes, shape : tuple
        Names and lengths of its axes.
    unit, text : str
        Its unit and meaning.
    chunk : tuple of int, optional
        What is written together where results are kept in pieces; one study chunk fills whole ones, best exactly one.
        Default: all of it.
    """

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    unit: str
    text: str
    chunk: tuple[int, ...] | None = None


class PlacedPlan(Plan):
    """A plan whose chunks fill places; see `Plan` for the rest."""

    @abstractmethod
    def title(self) -> str:
        """Title of the data set."""

    @abstractmethod
    def layout(self) -> dict[str, Filling]:
        """The variables that chunks fill; what no chunk has filled is NaN."""

    @abstractmethod
    def place(self, key: Key, part: Part) -> Places:
        """Where the numbers of a part go."""

    @abstractmethod
    def coordinates(self) -> dict[str, Any]:
        """Coordinates of the data set."""

    def closing(self, found: dict[str, np.ndarray]) -> Variables:
        """Variables that need all chunks, or none; ``found`` holds the filled ones."""
        return {}

    def attributes(self) -> dict[str, str]:
        """Attributes of the data set besides settings and versions."""
        return {}

    def dataset(self, parts: list[Part]) -> xr.Dataset:
        """See `Plan`."""
        layout = self.layout()
        found = {name: np.full(one.shape, np.nan) for name, one in layout.items()}
        for key, part in zip(self.chunks, parts, strict=True):
            for name, (index, values) in self.place(key, part).items():
                found[name][index] = values
        filled = {name: (one.axes, found[name], one.unit, one.text) for name, one in layout.items()}
        return self.labelled({**filled, **self.closing(found)})

    def labelled(self, variables: Variables) -> xr.Dataset:
        """A data set of these variables with the coordinates and attributes of the study."""
        return labelled(self.config, self.title(), variables, self.coordinates(), self.attributes())

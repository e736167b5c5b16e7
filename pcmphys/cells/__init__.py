"""Cells as arrays of state: programming, waiting, reading. One file or folder a kind."""

from pcmphys.cells.film import FilmCell, FilmHistory
from pcmphys.cells.mushroom.cell import MushroomCell
from pcmphys.cells.mushroom.devices import MushroomPopulation
from pcmphys.cells.registry import load_cell
from pcmphys.cells.statistical.devices import StatisticalCell, StatisticalPopulation

__all__ = [
    "FilmCell",
    "FilmHistory",
    "MushroomCell",
    "MushroomPopulation",
    "StatisticalCell",
    "StatisticalPopulation",
    "load_cell",
]

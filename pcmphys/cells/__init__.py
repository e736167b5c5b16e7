"""Cells as arrays of state: programming, waiting, reading. One file or folder a kind."""

from pcmphys.cells.film import FilmCell, FilmHistory
from pcmphys.cells.mushroom.cell import MushroomCell
from pcmphys.cells.mushroom.devices import MushroomPopulation
from pcmphys.cells.mushroom.look import MushroomLook
from pcmphys.cells.protocol import Cell, Devices, Look
from pcmphys.cells.registry import load_cell
from pcmphys.cells.statistical.cell import StatisticalCell
from pcmphys.cells.statistical.devices import StatisticalPopulation
from pcmphys.cells.statistical.look import StatisticalLook

__all__ = [
    "Cell",
    "Devices",
    "FilmCell",
    "FilmHistory",
    "Look",
    "MushroomCell",
    "MushroomLook",
    "MushroomPopulation",
    "StatisticalCell",
    "StatisticalLook",
    "StatisticalPopulation",
    "load_cell",
]

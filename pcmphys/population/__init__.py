"""Cells as arrays of state: programming, waiting, reading."""

from pcmphys.population.cells import load_cell
from pcmphys.population.film import FilmCell, FilmHistory
from pcmphys.population.mushroom import MushroomPopulation
from pcmphys.population.mushroom_cell import MushroomCell
from pcmphys.population.pulse import Pulse
from pcmphys.population.report import ProgramReport, PulseReport
from pcmphys.population.scheme import SCHEMES, Scheme
from pcmphys.population.statistical import StatisticalCell, StatisticalPopulation

__all__ = [
    "SCHEMES",
    "FilmCell",
    "FilmHistory",
    "MushroomCell",
    "MushroomPopulation",
    "ProgramReport",
    "Pulse",
    "PulseReport",
    "Scheme",
    "StatisticalCell",
    "StatisticalPopulation",
    "load_cell",
]

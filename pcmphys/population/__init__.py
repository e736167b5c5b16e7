"""Cells as arrays of state: programming, waiting, reading."""

from pcmphys.population.cells import load_cell
from pcmphys.population.report import ProgramReport
from pcmphys.population.statistical import StatisticalCell, StatisticalPopulation

__all__ = ["ProgramReport", "StatisticalCell", "StatisticalPopulation", "load_cell"]

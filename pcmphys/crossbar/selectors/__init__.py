"""Selectors in series with the devices: one law a file, all behind the interface of `Selector`."""

from pcmphys.crossbar.selectors.diode import Diode
from pcmphys.crossbar.selectors.exponential import Exponential
from pcmphys.crossbar.selectors.ots import OTS
from pcmphys.crossbar.selectors.selector import Selector
from pcmphys.crossbar.selectors.series import Series
from pcmphys.crossbar.selectors.transistor import Transistor

__all__ = ["OTS", "Diode", "Exponential", "Selector", "Series", "Transistor"]

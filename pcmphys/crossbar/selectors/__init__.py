"""Selectors in series with the devices: one law a file, all behind the interface of `Selector`.

`series` holds what all of them fill; `selector` the base class, of which a user's own is a subclass; `elimination`
what solves a law of which nothing is known but that it rises. Not modelled by any: capacitance, delay, self-heating.
"""

from pcmphys.crossbar.selectors.diode import Diode
from pcmphys.crossbar.selectors.exponential import Exponential
from pcmphys.crossbar.selectors.ots import OTS
from pcmphys.crossbar.selectors.selector import Selector
from pcmphys.crossbar.selectors.series import Series
from pcmphys.crossbar.selectors.transistor import Transistor

__all__ = ["OTS", "Diode", "Exponential", "Selector", "Series", "Transistor"]

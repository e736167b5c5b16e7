"""All kinds of selector by name; a new one is a line here, or an entry point of another package."""

from __future__ import annotations

from pcmphys.crossbar.selectors.diode import Diode
from pcmphys.crossbar.selectors.exponential import Exponential
from pcmphys.crossbar.selectors.ots import OTS
from pcmphys.crossbar.selectors.selector import Selector
from pcmphys.crossbar.selectors.transistor import Transistor
from pcmphys.numerics.doors import Kinds


def _complaint(name: str, kind: object) -> str | None:
    if isinstance(kind, type) and issubclass(kind, Selector):
        return None
    return f"expected a subclass of Selector; got {kind!r}"


SELECTORS: Kinds[type[Selector]] = Kinds(
    "pcmphys.selectors", {"diode": Diode, "exponential": Exponential, "transistor": Transistor, "ots": OTS}, _complaint
)
"""Classes of selectors; studies make them from tables of their arguments.

A package of your own adds one by ``[project.entry-points."pcmphys.selectors"]``, ``name = "my_package:MySelector"``.
"""

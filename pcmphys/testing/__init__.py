"""Suites that a cell or a selector of your own must pass: `check_cell`, `check_selector`.

A cell that passes works in crossbars, matrices and studies; a selector that passes works in every array. Each suite
raises an AssertionError that says what does not hold, with numbers, and returns what it has checked.

Your own selector is a subclass of `pcmphys.Selector` with a method ``current``; see its docstring. Your own cell is any
object that offers what `pcmphys.cells.protocol.Cell` names; parameter files, ``base``, sources and units come with a
`pcmphys.cells.kind.CellKind`. Your own study is a `pcmphys.study.kind.Kind`. Entry points of your package make pcmphys
find them (`pcmphys.numerics.doors`): then a study file may say ``selectors = ["none", "cubic"]`` or
``cells = ["my-technology"]``, and ``pcmphys study my-study`` runs.

Not checked: whether the physics is right.

Examples
--------
>>> import pcmphys as pcm
>>> class Cubic(pcm.Selector):
...     def current(self, voltage):
...         return 1e-4 * voltage**3, 3e-4 * voltage**2
>>> for line in pcm.testing.check_selector(Cubic(), voltage=1.0):
...     print(line)
passive: current has the sign of the voltage, none at 0 V
rising: the slope is dI/dV and nowhere negative
alone: a cell does not depend on its neighbours
series: with an ohmic device as a bisection finds it
circuit: Kirchhoff's law in an array with wires
threads: same bits for one and for several
pickling: survives a copy and a pickle
"""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys.testing.cells import check_cell
    from pcmphys.testing.selectors import check_selector
else:
    __getattr__, __dir__ = attach(
        __name__, {"pcmphys.testing.cells": "check_cell", "pcmphys.testing.selectors": "check_selector"}
    )

__all__ = ["check_cell", "check_selector"]

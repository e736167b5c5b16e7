"""Wires, terminals, selectors, and the exact solution of the crossbar.

Word line i is driven at its left end, bit line j sensed at its bottom end, each through one wire segment; terminals at
all four sides may be driven, grounded or open, resistances may be zero. Steady state: no capacitance, no delay.

>>> import numpy as np
>>> import pcmphys as pcm
>>> wires = pcm.Wires(row=1.0, column=1.0, sense=50.0)
>>> array = pcm.Crossbar(np.full((32, 32), 25e-6), wires, pcm.Diode(saturation_current=1e-12, ideality=1.5))
>>> solution = array.solve(pcm.Bias.matvec(np.full(32, 0.8)))
>>> bool(solution.residual < 1e-12), solution.column_current.shape
(True, (32,))

Cells are conductances, devices of any cell, or a look. `Bias` says what the lines get (``matvec``, ``select`` with
the schemes half, third, float and ground, ``voltages`` for any ends); `Crossbar.noise` propagates the cells' noise by
adjoint solves, `read_margin` and `write_margin` find the worst case, `Crossbar.write` sends a pulse through the
circuit to physical devices, with `ThermalCrosstalk` if wanted. Threshold switches and switching devices have states:
``on=``, ``start=`` carry them on, ``Solution.on`` and ``Solution.switched`` show them.

Selectors
---------
`Diode`, `Exponential` (bidirectional sinh), `Transistor` (1T1R, gate voltage a word line), `OTS` (threshold switch),
and your own:

>>> class Cubic(pcm.Selector):
...     def current(self, voltage):  # [V] across the selector, any shape
...         return 1e-4 * voltage**3, 3e-4 * voltage**2  # current [A] and slope [S]
>>> found = pcm.Crossbar(np.full((8, 8), 1e-5), selector=Cubic()).solve(pcm.Bias.matvec(np.full(8, 0.5)))
>>> round(1e6 * float(found.column_current[0]), 4)
17.5885

`pcmphys.testing.check_selector` says whether a law is one that arrays can be solved with; an entry point makes studies
find it (`pcmphys.crossbar.selectors.registry`).

Validity
--------
Exact to rounding for linear arrays and those of `Diode` to `OTS` (agreement with badcrossbar, ngspice and a sparse
direct solve: ``validation/REPORT.md``). Cells over their threshold together switch together; a circuit without a
consistent set of states is an error that names the cells. Writing solves the circuit once a pulse, at its peak.
Selectors do not heat.
"""

from pcmphys.crossbar.analysis.margins import ReadMargin, WriteMargin, margin_map, read_margin, write_margin
from pcmphys.crossbar.analysis.noise import Noise
from pcmphys.crossbar.analysis.thermal import ThermalCrosstalk
from pcmphys.crossbar.analysis.writing import WriteReport
from pcmphys.crossbar.bias import Bias, Selection
from pcmphys.crossbar.crossbar import Crossbar
from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Selector, Transistor
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.wires import Wires

__all__ = [
    "OTS",
    "Bias",
    "Crossbar",
    "Diode",
    "Exponential",
    "Noise",
    "ReadMargin",
    "Selection",
    "Selector",
    "Solution",
    "ThermalCrosstalk",
    "Transistor",
    "Wires",
    "WriteMargin",
    "WriteReport",
    "margin_map",
    "read_margin",
    "write_margin",
]

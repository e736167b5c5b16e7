"""Figures, one function each; matplotlib is loaded when the first one is drawn.

- `cell`: one mushroom cell as a device physicist draws it: cross-section, sectors, temperature, current-voltage curve
- `iv`: I-V of devices with snapback and load lines; `programming_curve`; `noise_spectrum`; `drift`, devices with their
  fits
- `voltage_map`, `cell_map`, `noise_share`, `write_map`, `margins`: an array as the solver left it, word line 0 on top
- `staircase`, `steps`: devices that are trained in place, pulsed up and down
- `efficiency_by_conductance`, `density_by_integration`, `energy_by_part`: chips of tiles

All return a matplotlib ``Figure`` that shows itself as the last value of a notebook's cell; ``savefig`` writes it. With
``axes`` they draw into a figure of yours. Figures that make an experiment make it on a copy: your devices stay as they
are. Fits and reports draw themselves: ``fit.plot("drift.png")``.

Not here: styles beyond one; what a figure draws is in the object that it is drawn from, for your own.

Examples
--------
>>> import numpy as np
>>> import pcmphys as pcm
>>> array = pcm.Crossbar(np.full((16, 16), 25e-6), pcm.Wires(row=1.0, column=1.0))
>>> solution = array.solve(pcm.Bias.matvec(np.full(16, 0.2)))
>>> pcm.plot.voltage_map(solution).savefig("drop.png")
"""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys.fit.drift.of_devices import drift
    from pcmphys.plot.arrays import cell_map, margins, noise_share, voltage_map, write_map
    from pcmphys.plot.chips import density_by_integration, efficiency_by_conductance, energy_by_part
    from pcmphys.plot.mushroom.cell import cell
    from pcmphys.plot.mushroom.devices import noise_spectrum, programming_curve
    from pcmphys.plot.mushroom.iv import iv
    from pcmphys.plot.pulsed import staircase, steps
else:
    __getattr__, __dir__ = attach(
        __name__,
        {
            "pcmphys.fit.drift.of_devices": "drift",  # shows devices with their fits, which are made a floor above
            "pcmphys.plot.arrays": "cell_map margins noise_share voltage_map write_map",
            "pcmphys.plot.chips": "density_by_integration efficiency_by_conductance energy_by_part",
            "pcmphys.plot.mushroom.cell": "cell",
            "pcmphys.plot.mushroom.devices": "noise_spectrum programming_curve",
            "pcmphys.plot.mushroom.iv": "iv",
            "pcmphys.plot.pulsed": "staircase steps",
        },
        renamed={"margin_map": "margins"},  # the numbers themselves: pcmphys.margin_map
    )

__all__ = [
    "cell",
    "cell_map",
    "density_by_integration",
    "drift",
    "efficiency_by_conductance",
    "energy_by_part",
    "iv",
    "margins",
    "noise_share",
    "noise_spectrum",
    "programming_curve",
    "staircase",
    "steps",
    "voltage_map",
    "write_map",
]

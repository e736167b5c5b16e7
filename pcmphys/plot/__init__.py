"""Figures, one function each; matplotlib is loaded when the first one is drawn."""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys.fit.drift.of_devices import drift
    from pcmphys.plot.arrays import cell_map, margins, noise_share, voltage_map, write_map
    from pcmphys.plot.chips import density_by_integration, efficiency_by_conductance, energy_by_part
    from pcmphys.plot.mushroom.cell import cell
    from pcmphys.plot.mushroom.devices import noise_spectrum, programming_curve
    from pcmphys.plot.mushroom.iv import iv
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
    "voltage_map",
    "write_map",
]

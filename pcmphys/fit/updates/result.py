"""What a fit of updates gives: a cell, and the fit behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.fit.engine.result import FitResult
from pcmphys.parameters.schema import Technology

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class UpdateFit(FitResult):
    """Steps of measured trains, see `updates`; everything of `FitResult`, and the data.

    ``step_up`` and ``step_down`` are sizes [S] in the middle of the window, ``slope_up`` and ``slope_down`` how they
    change with the conductance, ``noise_up`` and ``noise_down`` their std from pulse to pulse [S], ``gain_spread`` the
    std over devices of the size of their steps, ``low`` and ``high`` the window [S].

    Attributes
    ----------
    pulse : (reads,) array
        Pulses before each read.
    conductance : (reads, devices) array [S]
    direction : (reads,) array
        Of the pulse before each read, +1 or -1.
    parameters : PulsedParameters
        Of the cell.
    """

    pulse: np.ndarray
    conductance: np.ndarray
    direction: np.ndarray
    parameters: PulsedParameters

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw reads with the path of the fitted cell, and steps against conductance with its law."""
        from pcmphys.fit.updates.figure import updates_figure

        return updates_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """The fit as an `xarray.Dataset`, with the reads that it was made to."""
        return self.with_data(
            {
                "conductance": (("read", "device"), self.conductance, "S", "conductance"),
                "direction": (("read",), self.direction, "1", "direction of the pulse before the read"),
            },
            {"pulse": (("read",), self.pulse, "1", "pulses before the read")},
        )


class FittedCell(PulsedCell):
    """A cell that is trained in place, with the fit that it comes from.

    Attributes
    ----------
    fit : UpdateFit or None
        Values, errors, ``summary()``, ``plot()``; None of a cell that was changed since.
    """

    def __init__(self, parameters: PulsedParameters, technology: Technology, fit: Any = None):
        super().__init__(parameters, technology)
        self.fit: UpdateFit | None = fit

"""The field's two plots, with what they leave out: efficiency against conductance, density against time, and the noise.

Energy efficiency falls with conductance, from a plateau of the periphery to the limit 1 / (G V^2 t) of the devices;
throughput over area falls with the integration time. Both alone say: less conductance, less time. The noise of the
output says the opposite, and where it must not exceed a bound the optimum has two sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.chip.chip import Chip, as_chip
from pcmphys.chip.devices import signal_to_noise
from pcmphys.chip.tile import tile_cost
from pcmphys.errors import ParameterError
from pcmphys.numerics import brief, check, labelled
from pcmphys.numerics.frozen import Frozen

if TYPE_CHECKING:
    import xarray as xr

_POINTS = 25
_LOWEST = 1e-2
"""Least conductance of the default range, of the cell's largest."""
_TIMES = (10e-9, 1e-6)


class Optimum(NamedTuple):
    """The best point of a trade-off that keeps a wanted ratio of signal to noise."""

    conductance: float
    """Of all devices [S]."""
    integration: float
    """[s]."""
    efficiency: float
    """Operations a joule."""
    density: float
    """Operations a second and m2."""
    decibel: float
    """Signal over noise [dB]."""


@dataclass(frozen=True, eq=False, repr=False)
class TradeOff(Frozen, labelled.Labelled):
    """One full tile of a chip with the devices of a cell, at every conductance and integration time.

    Attributes
    ----------
    chip, cell : str
        Names.
    conductance : ndarray [S]
        Of all devices, shape (n,).
    integration : ndarray [s]
        Longest time that a word line is on, shape (m,).
    efficiency : ndarray [1/J]
        Operations a joule, shape (n, m).
    limit : ndarray [1/J]
        The same of the devices alone: two operations over their G V^2 t.
    density : ndarray [1/(s m2)]
        Operations a second and m2, shape (n, m).
    decibel : ndarray [dB]
        Signal over noise of an output, shape (n, m), see `pcmphys.chip.signal_to_noise`.
    """

    chip: str
    cell: str
    conductance: np.ndarray
    integration: np.ndarray
    efficiency: np.ndarray
    limit: np.ndarray
    density: np.ndarray
    decibel: np.ndarray

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __repr__(self) -> str:
        shape = "{} conductances x {} times".format(*self.efficiency.shape)
        return brief.called(self, {"chip": self.chip, "cell": self.cell, "points": shape})

    def to_dataset(self) -> xr.Dataset:
        """The trade-off as an `xarray.Dataset` with axes conductance and integration, units as attributes."""
        both = ("conductance", "integration")
        return labelled.dataset(
            f"pcmphys trade-off of {self.cell} on {self.chip}",
            {
                "efficiency": (both, self.efficiency, "1/J", "operations a joule"),
                "limit": (both, self.limit, "1/J", "operations a joule of the devices alone"),
                "density": (both, self.density, "1/(s m2)", "operations a second and area"),
                "decibel": (both, self.decibel, "dB", "signal over noise of an output"),
            },
            {
                "conductance": (both[:1], self.conductance, "S", "conductance of all devices"),
                "integration": (both[1:], self.integration, "s", "longest time that a word line is on"),
            },
            chip=self.chip,
            cell=self.cell,
        )

    def best(self, decibel: float, of: str = "efficiency") -> Optimum | None:
        """The point of most ``efficiency`` or ``density`` whose signal over noise [dB] is at least this; None: no such.

        Raises
        ------
        ParameterError
            Another quantity, a ratio that is no number.
        """
        check.choice("of", of, ("efficiency", "density"))
        wanted = check.number("decibel", decibel, "dB")
        values = np.where(self.decibel >= wanted, getattr(self, of), -np.inf)
        if not np.isfinite(values).any():
            return None
        i, j = np.unravel_index(np.argmax(values), values.shape)
        found = (self.conductance[i], self.integration[j], self.efficiency[i, j], self.density[i, j])
        return Optimum(*map(float, found), float(self.decibel[i, j]))


def trade_off(
    chip: Chip | str | Path,
    cell: Any,
    conductance: ArrayLike | None = None,
    integration: ArrayLike | None = None,
    *,
    age: float = 3600.0,
    devices: int = 200,
    seed: int = 0,
) -> TradeOff:
    """Efficiency, density and signal over noise of a full tile against conductance and integration time.

    Parameters
    ----------
    chip : Chip, str or Path
        Whose tile and periphery.
    cell : cell
        Whose devices; their read noise is that of a read as long as the integration.
    conductance : array_like [S], optional
        Of all devices of the tile; by default from a hundredth of the cell's largest to the largest.
    integration : array_like [s], optional
        By default from 10 ns to 1 us.
    age, devices, seed
        As `signal_to_noise` takes them.

    Returns
    -------
    TradeOff

    Raises
    ------
    ParameterError
        Conductances beyond the cell's, times that are not positive, an unknown chip.

    Notes
    -----
    Not modelled: weights that differ (all devices have one conductance), noise and range of the converters, their
    energy as it depends on the time, IR drop.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> found = trade_off("hermes-14nm", pcm.load_cell("hermes-14nm-statistical"))
    >>> best = found.best(20.0)
    >>> round(1e6 * best.conductance, 1), round(1e9 * best.integration), round(best.decibel, 1)
    (1.5, 10, 20.4)
    """
    chip = as_chip(chip)
    if conductance is None:
        lowest = max(_LOWEST * cell.conductance_maximum, cell.conductance_minimum)
        conductance = np.geomspace(lowest, cell.conductance_maximum, _POINTS)
        conductance[-1] = cell.conductance_maximum
    g = np.atleast_1d(check.array("conductance", conductance, "S", 0.0))
    t = np.atleast_1d(np.geomspace(*_TIMES, _POINTS) if integration is None else
                      check.array("integration", integration, "s", 0.0))  # fmt: skip
    if g.ndim != 1 or t.ndim != 1:
        raise ParameterError(f"conductance and integration must be rows of numbers; got shapes {g.shape} and {t.shape}")
    voltage = chip.parameters.array.voltage
    ratio = signal_to_noise(cell, g, t, voltage=voltage, age=age, devices=devices, seed=seed)
    costs = [[_cost(chip, float(one), float(time)) for time in t] for one in g]
    efficiency, limit, density = np.moveaxis(np.array(costs), -1, 0)
    arrays = (g.copy(), t.copy(), efficiency.copy(), limit.copy(), density.copy(), 20.0 * np.log10(ratio))
    return TradeOff(chip.name, cell.name, *arrays)


def _cost(chip: Chip, conductance: float, integration: float) -> tuple[float, float, float]:
    cost = tile_cost(chip.rows, chip.columns, conductance, integration, chip=chip)
    return cost.efficiency, cost.operations / cost.energy["array"], cost.density

"""What `pcmphys.fit.drift` returns of a population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.fit.drift import summary as text
from pcmphys.fit.drift.figure import drift_figure
from pcmphys.fit.drift.single import DriftFit, Prediction
from pcmphys.fit.drift.solution import PER_DEVICE, DriftSolution
from pcmphys.fit.drift.spread import Spread
from pcmphys.fit.drift.table import DriftTable, of_checked, when
from pcmphys.fit.drift.temperature import AtTemperature
from pcmphys.fit.readers.measurement import Source
from pcmphys.numerics import check
from pcmphys.numerics.labelled import Labelled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class DriftPopulation(Labelled):
    """Power-law drift fitted to many devices, read at the same times or each at its own.

    ``len``, iteration, and indexing by number or name give each device's `DriftFit`; a slice or a sequence of numbers
    or names gives a smaller population with a mean and spread of its own.

    Attributes
    ----------
    names : tuple of str
        Name of each device.
    exponent, exponent_error, g0, g0_error : (devices,) array
    noise_amplitude, noise_slope, white_noise, delay, delay_error : (devices,) array
        As in `DriftFit`, one entry a device. NaN for a device whose fit did not converge.
    exponent_mean, exponent_mean_error : float
        Mean drift exponent of the population [1]. Its error does not allow for the uncertainty of the spread, which
        matters below some twenty devices.
    exponent_spread, exponent_spread_error : float
        Standard deviation of the true exponents from device to device (with the cycle-to-cycle part, if each device
        was programmed once) [1], the fit error removed.
    exponent_method : {"weighted", "plain", "single"}
        How these four were found: weighted by precision (REML of a random-effects model), or plain, where tests
        say that this model does not hold; "single" if fewer than two fits settled. See `drift`.
    exponent_reason : str
        Why, in words.
    exponent_scatter, exponent_scatter_error : float
        Standard deviation of the fitted exponents as they are, the fit errors in it [1].
    weighted, plain : Spread
        Both estimates: ``mean``, ``mean_error``, ``spread``, ``spread_error``.
    reference_time, read_duration, time, conductance, unit, source, temperature
        As in `DriftFit`; ``conductance`` is (devices, reads), and so is ``time`` where each device has its own, NaN
        behind its last read.
    """

    table_axes: ClassVar[tuple[str, ...]] = ("device",)
    names: tuple[str, ...]
    exponent: np.ndarray
    exponent_error: np.ndarray
    g0: np.ndarray
    g0_error: np.ndarray
    noise_amplitude: np.ndarray
    noise_slope: np.ndarray
    white_noise: np.ndarray
    delay: np.ndarray
    delay_error: np.ndarray
    exponent_mean: float
    exponent_mean_error: float
    exponent_spread: float
    exponent_spread_error: float
    exponent_method: str
    exponent_reason: str
    exponent_scatter: float
    exponent_scatter_error: float
    weighted: Spread
    plain: Spread
    reference_time: float
    read_duration: float
    time: np.ndarray
    conductance: np.ndarray
    unit: str
    temperature: np.ndarray | None
    source: Source | None
    solution: InitVar[DriftSolution]  # kept out of the fields, so that tables made of them hold results only

    def __post_init__(self, solution: DriftSolution) -> None:
        object.__setattr__(self, "_solution", solution)

    @classmethod
    def of(
        cls,
        solution: DriftSolution,
        table: DriftTable,
        temperature: np.ndarray | None,
        source: Source | None,
        results: Any = None,
    ) -> DriftPopulation:
        """The population of solved fits of a table, whose reads are those used.

        ``results`` are those of the solution, if they are known: to find them takes as long as a good part of the fit.
        """
        found = solution.population()
        mean, mean_error, spread, spread_error = found.chosen
        return cls(
            names=tuple(table.names),
            **(solution.results() if results is None else results),
            exponent_mean=mean,
            exponent_mean_error=mean_error,
            exponent_spread=spread,
            exponent_spread_error=spread_error,
            exponent_method=found.method,
            exponent_reason=found.reason,
            exponent_scatter=found.scatter,
            exponent_scatter_error=found.scatter_error,
            weighted=found.weighted,
            plain=found.plain,
            reference_time=solution.traces.reference_time,
            read_duration=solution.traces.read_duration,
            time=table.time,
            conductance=table.conductance,
            unit=table.unit,
            source=source,
            temperature=temperature,
            solution=solution,
        )

    def __repr__(self) -> str:
        count = len(self)
        mean = " +- ".join(text.with_error(self.exponent_mean, self.exponent_mean_error))
        spread = " +- ".join(text.with_error(self.exponent_spread, self.exponent_spread_error))
        return (
            f"DriftPopulation({count} device{'s' * (count != 1)}, {when(self.time)}; nu = {mean}, spread {spread} "
            f"({self.exponent_method}))"
        )

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[DriftFit]:
        return (self._device(k) for k in range(len(self)))

    @overload
    def __getitem__(self, device: int | str) -> DriftFit: ...

    @overload
    def __getitem__(self, device: slice | Sequence[int] | Sequence[str] | np.ndarray) -> DriftPopulation: ...

    def __getitem__(self, device):
        if isinstance(device, (slice, list, tuple, np.ndarray)) and np.ndim(device) <= 1:
            return self._some(device)
        return self._device(self._number(device))

    def _number(self, device) -> int:
        """Place of one device, from its name or a number that may count from the end."""
        if isinstance(device, str):
            check.choice("device", device, self.names)
            return self.names.index(device)
        try:
            if isinstance(device, (bool, np.bool_)):
                raise TypeError
            return range(len(self))[device]
        except TypeError:
            raise ParameterError(
                f"device must be a number, a name, a slice, or a sequence of numbers or names; got {device!r}"
            ) from None

    def _some(self, devices) -> DriftPopulation:
        if isinstance(devices, slice):
            places = list(range(len(self))[devices])
        elif getattr(devices, "dtype", None) == np.bool_:
            places = list(np.flatnonzero(check.flags("devices", devices, (len(self),))))
        else:
            places = [self._number(one) for one in devices]
        if not places or len(set(places)) < len(places):
            raise ParameterError(f"devices must select at least one of {len(self)}, each once; got {devices!r}")
        time = self.time[places] if self.time.ndim == 2 else self.time
        table = of_checked(time, self.conductance[places], tuple(self.names[k] for k in places), self.unit)
        temperature = None if self.temperature is None else self.temperature[places]
        results = {key: getattr(self, key)[places] for key in PER_DEVICE}
        return DriftPopulation.of(self._solution.take(places), table, temperature, self.source, results)

    def _device(self, k: int) -> DriftFit:
        values = {key: float(getattr(self, key)[k]) for key in PER_DEVICE}
        time, conductance = self.time, self.conductance[k]
        if time.ndim == 2:
            there = ~np.isnan(time[k])
            time, conductance = time[k, there], conductance[there]
        return DriftFit(
            name=self.names[k],
            **values,
            reference_time=self.reference_time,
            read_duration=self.read_duration,
            time=time,
            conductance=conductance,
            unit=self.unit,
            source=self.source,
            temperature=None if self.temperature is None else float(self.temperature[k]),
            solution=self._solution.take(slice(k, k + 1)),
        )

    @property
    def ageing_chance(self) -> float:
        """Chance that the noise of these devices ages, as their reads tell it; NaN where that was declared."""
        return self._solution.ageing()

    @property
    def by_temperature(self) -> tuple[AtTemperature, ...]:
        """Mean and spread of the exponents at each temperature, from the lowest on; none where no one was given.

        A law for each temperature; ``exponent_mean`` is the common one. `summary` tests whether that holds.
        """
        if self.temperature is None:
            return ()
        found = []
        for kelvin in np.unique(self.temperature):
            here = self.temperature == kelvin
            known = self._solution.take(here).population()
            found.append(AtTemperature(float(kelvin), int(here.sum()), *known.chosen, known.method))
        return tuple(found)

    def curve(self, time: ArrayLike) -> np.ndarray:
        """The fitted power laws at times since programming [s], (devices, *time.shape) [S]."""
        return np.array([fit.curve(time) for fit in self])

    @property
    def undetermined(self) -> tuple[str, ...]:
        """What was asked for and the reads do not tell, in words."""
        return text.undetermined(self, self._solution)

    def predict(self, time: ArrayLike) -> Prediction:
        """As `DriftFit.predict`, with the devices as the first axis of mean and std."""
        return Prediction(*self._solution.predict(time))

    def interval(self, probability: float = 0.95) -> np.ndarray:
        """Central intervals of the drift exponents, (devices, 2)."""
        width = self._solution.exponent_width(probability)
        return np.stack([self.exponent - width, self.exponent + width], axis=1)

    def summary(self, devices: int = 20) -> str:
        """A plain text table: the population, and its first ``devices`` devices one a line."""
        devices = check.integer("devices", devices, low=0)
        return text.summary([self[k] for k in range(min(devices, len(self)))], self)

    def to_dataset(self) -> xr.Dataset:
        """All devices and their reads as an `xarray.Dataset` with axes device and time, units as attributes.

        Where each device has its own times the axes are device and read, and ``time`` lies along both.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> time = np.geomspace(1.0, 1e4, 9)
        >>> found = pcm.fit.drift(time, [1e-5 * time**-0.05, 2e-5 * time**-0.06]).to_dataset()
        >>> dict(found.sizes), found.g0.attrs["units"], found.attrs["exponent_method"]
        ({'device': 2, 'time': 9}, 'S', 'weighted')
        """
        from pcmphys.fit.drift.summary import to_dataset

        return to_dataset(self)

    def to_cell(self, cell: Any, source: str = "") -> Any:
        """A statistical cell with mean and spread of these devices' drift exponents in the place of its own.

        The mean goes with the logarithm of the conductance where the devices tell that by three standard errors, within
        the conductances measured; errors are in the notes of the numbers. Noise of reads is left as it was (see
        `SpectrumFit.to_cell`).

        Parameters
        ----------
        cell : StatisticalCell
            It stays as it is.
        source : str
            Whose data they are, in any words. Default: the file and its licence.

        Raises
        ------
        ParameterError
            A cell of another kind; fewer than two devices; conductances that the cell does not reach.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> time = np.geomspace(20.0, 1e5, 12)
        >>> reads = [1e-5 * time**-nu for nu in (0.04, 0.05, 0.06)]
        >>> mine = pcm.fit.drift(time, reads).to_cell(pcm.load_cell("ibm-90nm-statistical"), source="my lab")
        >>> found = mine.moments(1e-5)
        >>> round(float(found["drift_exponent_mean"]), 6), round(float(found["drift_exponent_spread"]), 6)
        (0.05, 0.01)
        """
        from pcmphys.fit.drift.numbers import drift_numbers
        from pcmphys.fit.engine.cells import check_cell, fitted_numbers

        check_cell(cell)
        return cell.but(fitted_numbers(drift_numbers(self, cell), "fit of drift", self.source, source))

    def to_csv(self, path: str | Path) -> None:
        """Write all devices to a CSV file: a header with names and units, then a row each with all digits."""
        text.to_csv(self, path)

    def plot(self, path: str | Path | None = None, devices: int = 12) -> Figure:
        """Draw reads, fits and bands of the first ``devices`` devices, and the exponents of all.

        Written to ``path`` (type by its suffix) if one is given. Returns a matplotlib ``Figure``.
        """
        devices = check.integer("devices", devices, low=1)
        return drift_figure([self[k] for k in range(min(devices, len(self)))], population=self, path=path)

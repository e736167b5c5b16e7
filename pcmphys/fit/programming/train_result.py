"""What `pcmphys.fit.pulse_train` returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import FitResult
from pcmphys.fit.programming.input import TrainReads
from pcmphys.fit.programming.step_law import mean_step, step_spread
from pcmphys.fit.programming.steps import Steps
from pcmphys.fit.programming.table import binned, pulse_edges, state_edges
from pcmphys.fit.readers.measurement import Source
from pcmphys.numerics import check
from pcmphys.numerics.labelled import Labelled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PulseTrainFit(FitResult):
    r"""Mean and spread of the steps of a train of equal pulses; everything of `FitResult` too.

    The parameters are ``slope``, ``offset``, ``boost``, ``memory`` of the mean, and the same with ``spread_`` before
    them of the standard deviation over devices, of the law in `pulse_train`.

    Attributes
    ----------
    amplitude : float
        Of the pulses [A or V]; NaN if it was not told.
    reads : TrainReads
        Pulse numbers, conductances [S] and errors of the reads.
    steps : Steps
        What they make: number, state, change, device of each step.
    """

    amplitude: float
    reads: TrainReads
    steps: Steps

    def mean_step(self, conductance: ArrayLike, pulse: ArrayLike) -> np.ndarray:
        """Mean change [S] by pulse number 1, 2, ... from a conductance [S]; arrays that broadcast."""
        return np.asarray(mean_step(*_places(conductance, pulse), self.values))

    def step_spread(self, conductance: ArrayLike, pulse: ArrayLike) -> np.ndarray:
        """Std of the change [S], likewise; 0 where the law would have less."""
        return np.maximum(step_spread(*_places(conductance, pulse), self.values), 0.0)

    def table(self, *, states: ArrayLike | None = None, pulses: ArrayLike | None = None) -> xr.Dataset:
        """Mean and spread of the steps in bins of state and pulse number, without any law.

        Parameters
        ----------
        states : (bins + 1,) array, optional
            Edges of the bins of state [S]; default 12 equal ones over what was visited.
        pulses : (groups + 1,) array, optional
            First pulse number of each group, and one beyond the last; default 1, 2, 3-4, 5-8, 9-16 and so on.

        Returns
        -------
        xarray.Dataset
            By ``pulse_bin`` and ``state_bin``: ``state`` (mean, [S]), ``count``, ``devices``, ``mean``, ``mean_error``,
            ``std`` (over devices and steps, the reads' noise taken out; NaN where none is left), ``std_error`` [S];
            NaN in bins too empty.
        """
        return binned(self.steps, self["slope"].value, state_edges(self.steps, states), pulse_edges(self.steps, pulses))

    def by_state(self) -> xr.Dataset:
        """The same by ``state_bin`` alone, all pulses together."""
        return self.table(pulses=(0.0, self.steps.pulse.max() + 1.0)).isel(pulse_bin=0, drop=True)

    def by_pulse(self) -> xr.Dataset:
        """The same by ``pulse_bin`` alone, pulse by pulse, all states together."""
        numbers = np.unique(self.steps.pulse)
        edges = np.append(numbers, numbers[-1] + 1.0)
        low, high = self.steps.state.min(), self.steps.state.max()
        return self.table(states=(low, max(high, np.nextafter(low, np.inf))), pulses=edges).isel(state_bin=0, drop=True)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw conductance by pulse, and mean and spread of the steps by state; write it to ``path`` if one is given.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from pcmphys.fit.programming.train_figure import train_figure

        return train_figure([self], path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with the reads and tables of mean, std, their errors, count [S].

        ``step_...`` by state and pulse number, ``state_...`` by state, ``pulse_...`` by pulse number.
        """
        both, numbers = self.table(), np.unique(self.steps.pulse)
        state = self.by_state().drop_vars(["state_low", "state_high"])
        pulse = self.by_pulse().drop_vars(["pulse_first", "pulse_last"]).rename(pulse_bin="pulse_number")
        reads = self.reads
        found = self.with_data(
            {
                "read_conductance": (("read", "device"), reads.conductance, "S", "conductance"),
                "read_pulse": (("read",), reads.pulse, "1", "pulses before the read"),
            },
            {"pulse_number": (("pulse_number",), numbers, "1", "number of the pulse")},
            amplitude=self.amplitude,
        )
        for prefix, table in (("step", both), ("state", state), ("pulse", pulse)):
            found = found.merge(table.rename({name: f"{prefix}_{name}" for name in table.data_vars}))
        return found


def _places(conductance: ArrayLike, pulse: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    return check.array("conductance", conductance, "S"), check.array("pulse", pulse, low=1.0)


@dataclass(frozen=True, eq=False, repr=False)
class PulseTrains(Sequence, Labelled):
    """Trains of pulses of several amplitudes, a `PulseTrainFit` each: ``trains[k]``, or by amplitude `at`.

    Attributes
    ----------
    trains : tuple of PulseTrainFit
        In the order given.
    unit : str
        Of the amplitudes, "A" or "V".
    """

    table_axes: ClassVar[tuple[str, ...]] = ("amplitude", "parameter")
    trains: tuple[PulseTrainFit, ...]
    unit: str

    @property
    def amplitude(self) -> np.ndarray:
        """Of each train [A or V]."""
        return np.array([one.amplitude for one in self.trains])

    def __getitem__(self, place):
        return self.trains[place]

    def __len__(self) -> int:
        return len(self.trains)

    def __iter__(self) -> Iterator[PulseTrainFit]:
        return iter(self.trains)

    def __repr__(self) -> str:
        shown = ", ".join(f"{one:.4g}" for one in self.amplitude[:6])
        return f"PulseTrains({len(self)} trains of {shown}{', ...' if len(self) > 6 else ''} {self.unit})"

    def at(self, amplitude: float) -> PulseTrainFit:
        """The train of an amplitude [A or V]."""
        asked = check.number("amplitude", amplitude, self.unit)
        near = int(np.argmin(np.abs(self.amplitude - asked)))
        if abs(self.amplitude[near] - asked) > 1e-6 * abs(asked):
            raise ParameterError(
                f"no train of {asked:g} {self.unit}; there are {', '.join(f'{one:g}' for one in self.amplitude)}"
            )
        return self.trains[near]

    def with_source(self, source: Source) -> PulseTrains:
        """The same fits, of data of that source."""
        return PulseTrains(tuple(one.with_source(source) for one in self.trains), self.unit)

    def summary(self) -> str:
        """All fits as plain text, one after the other."""
        return "\n\n".join(one.summary() for one in self.trains)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw conductance by pulse, and mean and spread of the steps by state, a colour an amplitude."""
        from pcmphys.fit.programming.train_figure import train_figure

        return train_figure(list(self.trains), path, self.unit)

    def to_dataset(self) -> xr.Dataset:
        """What `PulseTrainFit.to_dataset` holds, by ``amplitude`` [A or V]; bins are of each train, NaN beyond."""
        import xarray as xr

        parts = [one.to_dataset() for one in self.trains]
        axes = ("pulse_bin", "state_bin", "read", "device")
        sizes = {axis: max(part.sizes[axis] for part in parts) for axis in axes}
        grown = [
            part.drop_attrs().pad({axis: (0, size - part.sizes[axis]) for axis, size in sizes.items()})
            for part in parts
        ]
        heights = xr.DataArray(self.amplitude, dims="amplitude", name="amplitude")
        heights.attrs = {"units": self.unit, "long_name": "amplitude of the pulses"}
        found = xr.concat(grown, heights, coords="different", data_vars="all", join="outer", compat="equals")
        for name in found.variables:
            if name in parts[0].variables:
                found[name].attrs = parts[0][name].attrs
        words = {key: [part.attrs[key] for part in parts] for key in ("undetermined", "notes")}
        return found.assign_attrs(title="pcmphys fits of pulse trains", unit=self.unit, **words)

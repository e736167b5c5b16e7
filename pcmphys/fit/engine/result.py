"""What every fit returns: values with errors and correlations, what stays open, goodness, and ways to show them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.cells import check_cell, fitted_numbers
from pcmphys.fit.engine.words import listed, table, value_and_error
from pcmphys.fit.readers.measurement import Source
from pcmphys.numerics import check, labelled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Estimate:
    """One parameter of a fit.

    Attributes
    ----------
    name, unit : str
    value, error : float
        [unit]; the error is one standard error: NaN of a parameter that is fixed or ended at a bound, infinite where
        the data leave it open.
    role : str
        "free", "fixed", or "tied" to others.
    bound : str
        "low" or "high" where the fit ended there, else "".
    low, high : float
        Its bounds [unit].
    """

    name: str
    value: float
    error: float
    unit: str = "1"
    role: str = "free"
    bound: str = ""
    low: float = -np.inf
    high: float = np.inf

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        value, error = value_and_error(self.value, self.error)
        return f"{value} +- {error}{unit}" if error else f"{value}{unit}"


@dataclass(frozen=True)
class Goodness:
    """How well a fit describes the data.

    Attributes
    ----------
    count, free : int
        Data, and parameters that were fitted to them.
    chi2 : float
        Sum of the squared residuals, in standard deviations where errors are known, else in the data's unit squared.
        NaN of a fit by likelihood.
    known : bool
        Whether errors of the data were given: only then is there a ``p``.
    log_likelihood : float
        NaN of a fit by least squares with unknown errors.
    """

    count: int
    free: int
    chi2: float = np.nan
    known: bool = False
    log_likelihood: float = np.nan

    @property
    def dof(self) -> int:
        """Degrees of freedom."""
        return self.count - self.free

    @property
    def reduced(self) -> float:
        """``chi2 / dof``; NaN without degrees of freedom."""
        return self.chi2 / self.dof if self.dof > 0 else np.nan

    @property
    def p(self) -> float:
        """Chance of a ``chi2`` at least as large if the model and the errors are right; NaN if errors are not known."""
        if not self.known or self.dof <= 0 or not np.isfinite(self.chi2):
            return np.nan
        from scipy.stats import chi2

        return float(chi2.sf(self.chi2, self.dof))

    def __str__(self) -> str:
        if not np.isfinite(self.chi2):
            return f"{self.count} data, {self.free} parameters, log likelihood {self.log_likelihood:.6g}"
        if not self.known:
            return (
                f"{self.count} data, {self.free} parameters; sum of squares {self.chi2:.6g}, scatter "
                f"{np.sqrt(self.reduced):.4g} (estimated from it: no test of the model)"
            )
        return f"{self.count} data, {self.free} parameters; chi2 {self.chi2:.5g} of {self.dof} dof, p = {self.p:.3g}"


_SHOWN = 4
"""Estimates in the one line of a result."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FitResult(labelled.Labelled):
    """What every fit returns.

    ``fit["name"]`` is an `Estimate`; ``fit.values`` and ``fit.errors`` are all of them by name.

    Attributes
    ----------
    title : str
        What was fitted, in words.
    estimates : tuple of Estimate
        Each parameter of the model.
    covariance : (parameters, parameters) array
        Of all of them; NaN where there is none.
    goodness : Goodness
    undetermined : tuple of str
        What the data leave open, in words; empty if nothing.
    notes : tuple of str
        What else a reader of the numbers must know: parameters at a bound, what was assumed, what was left out.
    source : Source
        File, licence and reading of the data that were fitted; empty where they were given as arrays.
    """

    table_axes: ClassVar[tuple[str, ...]] = ("parameter",)
    title: str
    estimates: tuple[Estimate, ...]
    covariance: np.ndarray
    goodness: Goodness
    undetermined: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source: Source = field(default_factory=Source)

    def __getitem__(self, name: str) -> Estimate:
        check.choice("parameter", name, [one.name for one in self.estimates])
        return next(one for one in self.estimates if one.name == name)

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.estimates)

    def __len__(self) -> int:
        return len(self.estimates)

    @property
    def values(self) -> dict[str, float]:
        """Value of each parameter."""
        return {one.name: one.value for one in self.estimates}

    @property
    def errors(self) -> dict[str, float]:
        """Standard error of each parameter."""
        return {one.name: one.error for one in self.estimates}

    @property
    def correlation(self) -> np.ndarray:
        """Correlations of the parameters, (parameters, parameters); NaN where there is none."""
        error = np.sqrt(np.diag(self.covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.isfinite(error[:, None] * error), self.covariance / np.outer(error, error), np.nan)

    def __repr__(self) -> str:
        shown = ", ".join(f"{one.name} = {one}" for one in self.estimates[:_SHOWN])
        more = f", and {len(self) - _SHOWN} more" if len(self) > _SHOWN else ""
        return f"{type(self).__name__}({shown}{more})"

    def summary(self) -> str:
        """The fit as plain text: values, errors, correlations that matter, goodness, what stays open, notes."""
        rows = [("parameter", "value", "+-", "unit", "")]
        for one in self.estimates:
            value, error = value_and_error(one.value, one.error)
            rows.append((one.name, value, error, one.unit, _state(one)))
        lines = [self.title, *table(rows), str(self.goodness)]
        strong = _strong(self.correlation, [one.name for one in self.estimates])
        if strong:
            lines.append(f"correlations: {', '.join(strong)}")
        lines += [f"not determined: {words}" for words in self.undetermined]
        lines += [f"note: {words}" for words in self.notes]
        lines += self.source.lines()
        return "\n".join(lines)

    def with_source(self, source: Source) -> Self:
        """The same fit, of data of that source."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, source=source)
        return twin

    @abstractmethod
    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw data and fit; write them to ``path`` (type by its suffix) if one is given.

        Returns
        -------
        matplotlib.figure.Figure
        """

    def to_dataset(self) -> xr.Dataset:
        """The fit as an `xarray.Dataset`: value, error, bounds, correlation by parameter; the words as attributes."""
        return self.with_data({})

    def with_data(
        self, variables: labelled.Variables, coordinates: labelled.Variables | None = None, **attributes: Any
    ) -> xr.Dataset:
        """The data set of `to_dataset` with variables, coordinates and attributes of a fit's own."""
        along, names = ("parameter",), [one.name for one in self.estimates]
        meant = {
            "value": "value of the parameter",
            "error": "standard error",
            "low": "lower bound",
            "high": "upper bound",
        }
        own = {
            key: (along, [getattr(one, key) for one in self.estimates], "see the coordinate unit", text)
            for key, text in meant.items()
        }
        axes = {
            "parameter": (along, names, "1", "name of the parameter"),
            "other": (("other",), names, "1", "name of the other parameter"),
            "unit": (along, [one.unit for one in self.estimates], "1", "unit of the parameter"),
            "role": (along, [one.role for one in self.estimates], "1", "free, fixed or tied to others"),
        }
        numbers = {
            key: float(getattr(self.goodness, key)) for key in ("count", "free", "chi2", "dof", "p", "log_likelihood")
        }
        return labelled.dataset(
            self.title,
            {
                **own,
                "correlation": (("parameter", "other"), self.correlation, "1", "correlation of two parameters"),
                **variables,
            },
            {**axes, **(coordinates or {})},
            **numbers,
            undetermined="; ".join(self.undetermined),
            notes="; ".join(self.notes),
            **self.source.attributes(),
            **attributes,
        )

    def cell_changes(self, cell: Any) -> Mapping[str, Any]:
        """Numbers of ``cell`` that this fit gives, as ``cell.but`` takes them; nothing by default."""
        return {}

    def to_cell(self, cell: Any, source: str = "") -> Any:
        """A cell with the fitted numbers in the place of its own: their kind is ``fit``, their source the data.

        Parameters
        ----------
        cell : StatisticalCell or MushroomCell
            It stays as it is.
        source : str
            Whose data they are, in any words. Default: what was fitted, and the file and licence of the data.

        Raises
        ------
        ParameterError
            Nothing in this fit is a number of such a cell, or one is outside of its range.
        """
        check_cell(cell)
        changes = self.cell_changes(cell)
        if not changes:
            left_open = "".join(f"; not determined: {words}" for words in self.undetermined)
            raise ParameterError(
                f"{type(self).__name__} has nothing that is a number of {cell!r}: it gives "
                f"{listed([one.name for one in self.estimates])}{left_open}"
            )
        return cell.but(fitted_numbers(changes, self.title, self.source, source))


def _state(one: Estimate) -> str:
    if one.bound:
        return f"at its {one.bound} bound"
    return "" if one.role == "free" else one.role


def _strong(correlation: np.ndarray, names: list[str], least: float = 0.5) -> list[str]:
    """The strong correlations, strongest first, ten at most."""
    pairs = [(abs(correlation[i, j]), i, j) for i in range(len(names)) for j in range(i)]
    pairs = sorted((pair for pair in pairs if pair[0] >= least), reverse=True)
    return [f"{names[j]}-{names[i]} {correlation[i, j]:+.3f}" for _, i, j in pairs[:10]]

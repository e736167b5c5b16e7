"""A model of the user's own, fitted to data by least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.noise import scatter_of
from pcmphys.fit.engine.parameter import Parameter, checked
from pcmphys.fit.engine.profile import profile
from pcmphys.fit.engine.result import FitResult
from pcmphys.fit.engine.solve import Fitted, fitted
from pcmphys.numerics import check

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CurveFit(FitResult):
    """A model fitted by least squares, see `curve`; everything of `FitResult`, and the data.

    Attributes
    ----------
    x, y : array
        The data.
    fit : (n,) array
        The model at ``x``.
    residual : (n,) array
        ``y - fit`` in standard deviations, made independent, if errors are known; else as it is.
    """

    x: np.ndarray
    y: np.ndarray
    fit: np.ndarray
    residual: np.ndarray
    model: InitVar[Callable[..., Any]]
    fitted: InitVar[Fitted]

    def __post_init__(self, model: Callable[..., Any], fitted: Fitted) -> None:
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_fitted", fitted)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_fitted"}  # its functions are local

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """The fitted model at other places ``x``."""
        return np.asarray(self._model(np.asarray(x), **self.values), dtype=float)

    def interval(self, name: str, probability: float = 0.95) -> tuple[float, float]:
        """Confidence interval of a parameter by profile: all others fitted anew at each of its values.

        Parameters
        ----------
        name : str
            A free parameter.
        probability : float
            Between 0 and 1.

        Returns
        -------
        tuple of float
            ``(low, high)`` [its unit]; infinite on a side where the data leave it open, its bound where that comes
            first.

        Raises
        ------
        ParameterError
            A fixed or tied parameter, one that ended at its bound, a robust loss (use value and error).

        Notes
        -----
        The interval holds all values at which the least sum of squares rises by less than
        :math:`t^2 s^2`, with t the two-sided quantile of Student's t (of the normal distribution where errors are
        known) and s the standard deviation of the residuals. Unlike value and error it may be lopsided.
        """
        estimate = self[name]
        chance = check.number("probability", probability, "", 0.0, 1.0, low_open=True)
        if chance == 1.0:
            raise ParameterError("probability must be below 1")
        if estimate.role != "free" or estimate.bound:
            state = f"ended at its {estimate.bound} bound" if estimate.bound else f"is {estimate.role}"
            raise ParameterError(f"{name} {state}: it has no profile")
        if "_fitted" not in self.__dict__:
            raise ParameterError("this fit was stored and loaded, without what a profile needs; fit again")
        return profile(self._fitted, name, chance)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw data, model and residuals over ``x`` (over their number if ``x`` has several rows).

        Written to ``path`` (type by its suffix) if one is given. Returns a matplotlib ``Figure``.
        """
        from pcmphys.fit.engine.figure import curve_figure

        return curve_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with the data, the model at them and the residuals."""
        axes = ("row", "point") if self.x.ndim == 2 else ("point",)
        columns = {
            "x": (axes, self.x, "as given", "where the data were taken"),
            "y": (("point",), self.y, "as given", "data"),
            "fit": (("point",), self.fit, "as y", "fitted model"),
            "residual": (("point",), self.residual, "standard deviations, or as y without errors", "data less model"),
        }
        return self.with_data(columns)


def curve(
    model: Callable[..., Any],
    x: ArrayLike,
    y: ArrayLike,
    parameters: Sequence[Parameter],
    *,
    error: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    cholesky: ArrayLike | None = None,
    loss: str = "linear",
) -> CurveFit:
    """Fit a model of your own to data by least squares, with bounds, ties and errors that can be defended.

    Parameters
    ----------
    model : callable
        ``model(x, **values)``, with an argument for each parameter; returns (n,) numbers in the unit of ``y``. Where
        it cannot be evaluated it may return NaN: the search stays away.
    x : (n,) or (rows, n) array
        What the model takes; passed on as it is.
    y : (n,) array
        Data.
    parameters : sequence of Parameter
        With starts, bounds and units.
    error : float or (n,) array, optional
        Known standard deviations of independent data [unit of y]. Then the errors of the parameters are those, and
        chi2 is a test. Default: equal ones, estimated from the scatter.
    covariance, cholesky : (n, n) array, optional
        Known covariance of correlated data, or its lower Cholesky factor, in the place of ``error``.
    loss : {"linear", "huber", "cauchy", "tukey"}
        Other than the first: outliers have little weight. Bends are at 95 % efficiency on Gaussian data; the size of
        a residual is judged by ``error``, or by the median of their magnitudes.

    Returns
    -------
    CurveFit

    Raises
    ------
    ParameterError
        Shapes that do not fit, numbers that are not finite or are masked, too few data, parameters all fixed, a model
        that is not a number at the start.
    ConvergenceError
        No place was found where the model is a number.

    Notes
    -----
    The search is run from the start by Levenberg and Marquardt's method and by a trust region (both through lmfit),
    and the better end polished with slopes by central differences. It finds the nearest minimum that either can
    reach, which need not be the lowest: start again elsewhere where that is in doubt. Errors are those of the model
    made linear at the best values; `CurveFit.interval` goes without this. A parameter that ends at a bound is held
    there and named; what the data do not determine is found from the singular values of the slopes.

    Not modelled: errors of ``x``; systematic errors of the model, which only a small p tells of.

    References
    ----------
    M. Newville et al., lmfit, doi:10.5281/zenodo.11813. J. J. More, The Levenberg-Marquardt algorithm, in Lecture
    Notes in Mathematics 630 (1978). P. J. Huber, Robust Statistics (1981), ch. 7: errors of robust fits. D. M. Bates
    and D. G. Watts, Nonlinear Regression Analysis (1988), ch. 6: profiles.

    Examples
    --------
    >>> time = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    >>> reads = np.array([20.1, 19.2, 18.7, 17.9, 17.5])
    >>> power = lambda t, g0, nu: g0 * t**-nu
    >>> found = curve(power, time, reads, [Parameter("g0", 10.0, unit="uS"), Parameter("nu", 0.1)], error=0.1)
    >>> print(found["g0"], "|", found["nu"])
    20.007 +- 0.079 uS | 0.0504 +- 0.0024
    >>> print(found.goodness)
    5 data, 2 parameters; chi2 4.8918 of 3 dof, p = 0.18
    """
    x = check.array("x", x, ndim=(1, 2))
    y = check.measured("y", check.array("y", y, ndim=1))
    if x.shape[-1] != y.size:
        raise ParameterError(f"x and y must have as many data; got shapes {x.shape} and {y.shape}")
    chosen = checked(parameters)
    scatter = scatter_of(y.size, error, covariance, cholesky, loss)
    _check_model(model, x, y, chosen)
    found = fitted(
        lambda values: np.asarray(y - np.asarray(model(x, **values)), dtype=float), chosen, scatter, "fit of a curve"
    )
    values = {one.name: one.value for one in found.estimates}
    name = getattr(model, "__name__", "model")
    return CurveFit(
        title=f"least squares of {'a model' if name == '<lambda>' else name}",
        estimates=found.estimates,
        covariance=found.covariance,
        goodness=found.goodness,
        undetermined=found.undetermined,
        notes=found.notes,
        x=x,
        y=y,
        fit=np.asarray(model(x, **values), dtype=float),
        residual=found.residual,
        model=model,
        fitted=found,
    )


def _check_model(model, x, y, parameters) -> None:
    """The model at the start: as many numbers as data, all finite."""
    if not callable(model):
        raise ParameterError(f"model must be a function model(x, **values); got a {type(model).__name__}")
    names = ", ".join(one.name for one in parameters)
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(model(x, **{one.name: one.start for one in parameters}), dtype=float)
    except TypeError as error:
        raise ParameterError(f"model must take x and the parameters {names} by name: {error}") from None
    if found.shape != y.shape:
        raise ParameterError(f"model must return as many numbers as y, {y.shape}; got {found.shape}")
    if not np.isfinite(found).all():
        k = int(np.argmin(np.isfinite(found)))
        raise ParameterError(
            f"model must be finite at the start; at x[..., {k}] = {x[..., k]} it is {found[k]} with "
            + ", ".join(f"{one.name} = {one.start:g}" for one in parameters)
        )

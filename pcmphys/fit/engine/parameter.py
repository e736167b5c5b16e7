"""What a fit may change: a number with its start, its bounds and its unit; held, or tied to others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

if TYPE_CHECKING:
    import lmfit


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model that is fitted.

    Parameters
    ----------
    name : str
        As the model's argument is called.
    start : float
        Where the search begins [unit]; of a fixed one its value. Of a tied one it does not matter.
    low, high : float
        Bounds [unit].
    unit : str
        For summaries and figures; "1" for a plain number.
    fixed : bool
        Held at ``start``.
    tied : str
        An expression of the other parameters that it is equal to, such as ``"2 * width"`` (as lmfit reads it).

    Raises
    ------
    ParameterError
        A name that is none, a start outside of the bounds.

    Examples
    --------
    >>> Parameter("exponent", 0.05, low=-0.2, high=0.3)
    Parameter(name='exponent', start=0.05, low=-0.2, high=0.3, unit='1', fixed=False, tied='')
    """

    name: str
    start: float
    low: float = -math.inf
    high: float = math.inf
    unit: str = "1"
    fixed: bool = False
    tied: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ParameterError(f"name of a parameter must be an argument's name, as in Python; got {self.name!r}")
        object.__setattr__(self, "start", check.number(f"start of {self.name}", self.start, self.unit))
        for side in ("low", "high"):
            if math.isnan(getattr(self, side)):
                raise ParameterError(f"{side} of {self.name} must be a number, or infinite; got NaN")
        if not self.low < self.high:
            raise ParameterError(f"bounds of {self.name} must rise; got low {self.low:g}, high {self.high:g}")
        if not self.tied:
            check.number(f"start of {self.name}", self.start, self.unit, self.low, self.high)


def checked(parameters: Any) -> tuple[Parameter, ...]:
    """The parameters of a fit: all of the right kind, each name once, at least one of them free."""
    found = tuple(parameters)
    for one in found:
        if not isinstance(one, Parameter):
            raise ParameterError(f"parameters must be of pcmphys.fit.Parameter; got {one!r}")
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ParameterError(f"parameters must have different names; {twice!r} is there twice")
    if not any(not one.fixed and not one.tied for one in found):
        raise ParameterError("all parameters are fixed or tied: nothing is left to fit")
    return found


def as_lmfit(parameters: Sequence[Parameter]) -> lmfit.Parameters:
    """The same as lmfit takes them."""
    import lmfit

    result = lmfit.Parameters()
    # ties may name parameters that come later: all values first
    for one in parameters:
        result.add(one.name, value=one.start, min=one.low, max=one.high, vary=not one.fixed and not one.tied)
    for one in parameters:
        if not one.tied:
            continue
        try:
            result[one.name].set(expr=one.tied)
            value = result[one.name].value
        except Exception as error:  # whatever an expression that is none makes the reader of lmfit raise
            names = ", ".join(other.name for other in parameters if other is not one)
            raise ParameterError(
                f"{one.name} is tied to {one.tied!r}, which is no expression of {names}: {error}"
            ) from None
        if value is None or not np.isfinite(value):
            raise ParameterError(f"{one.name}, tied to {one.tied!r}, is {value} at the start")
    return result

"""The three ways pcmphys says that something is wrong.

Everything a user can get wrong raises `ParameterError`; a solver that did not reach its tolerance raises
`ConvergenceError`; a number outside the range a model was fitted in is used, clipped where it must be, and
reported by a `ValidityWarning`.
"""

from __future__ import annotations

from typing import Any


class ParameterError(ValueError):
    """A number, array, file or name that the model cannot use; the message names it, its unit and the range."""


class ConvergenceError(RuntimeError):
    """A solver stopped before its tolerance.

    Parameters
    ----------
    message : str
        What was being solved.
    residual : float
        Residual reached, in the solver's own measure (dimensionless).
    iterations : int
        Iterations spent.
    """

    def __init__(self, message: str, *, residual: float, iterations: int):
        super().__init__(f"{message} (residual {residual:.3g} after {iterations} iterations)")
        self.residual = residual
        self.iterations = iterations

    def __reduce__(self) -> tuple[Any, ...]:
        # exceptions cross process pools by pickle, which replays positional arguments only
        return (_rebuild, (self.args[0], self.residual, self.iterations))


def _rebuild(text: str, residual: float, iterations: int) -> ConvergenceError:
    error = ConvergenceError.__new__(ConvergenceError)
    RuntimeError.__init__(error, text)
    error.residual, error.iterations = residual, iterations
    return error


class ValidityWarning(UserWarning):
    """A value outside the range in which a model was measured or fitted; the result is an extrapolation."""

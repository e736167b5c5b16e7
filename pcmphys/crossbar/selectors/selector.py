"""What a selector is: a two-terminal law in series with each device; a user's own is a subclass in their script."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar.selectors import elimination
from pcmphys.crossbar.selectors.series import Series, check_series
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.brief import attributes
from pcmphys.numerics.compile import launch


class Selector(ABC):
    """Base of all selectors: subclass it and write `current`; what the crossbar needs beyond that is made from it.

    The selector is in series with the device, between word line and device or device and bit line (the same, as long
    as there is no gate). Its law must be passive (no current at 0 V, current with the sign of the voltage), must not
    fall with the voltage, and must depend on nothing but the cell's own voltage, gate and state.

    Attributes
    ----------
    gated : bool
        The law takes ``gate``, a voltage [V] that the bias gives for each word line.
    hysteretic : bool
        The law takes ``on``, a state for each cell (see `Crossbar.solve`); write `switches_on` and `switches_off` too.

    Notes
    -----
    Not modelled: capacitance, delay, self-heating; the law is the settled one.

    Examples
    --------
    A selector of one's own, I = c w^3, on a device of 1 uS at 1 V:

    >>> class Cubic(Selector):
    ...     def current(self, voltage):
    ...         return 1e-5 * voltage**3, 3e-5 * voltage**2
    >>> work = Series.empty((1, 1))
    >>> Cubic().series(np.array([[1.0]]), np.array([[1e-6]]), work)
    >>> round(1e6 * work.current.item(), 6), round(work.inner.item(), 6)
    (0.606997, 0.393003)
    """

    gated: ClassVar[bool] = False
    hysteretic: ClassVar[bool] = False

    __repr__ = attributes

    @abstractmethod
    def current(
        self, voltage: np.ndarray, *, gate: ArrayLike | None = None, on: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Current [A] and slope dI/dw [S] of the selector alone.

        Parameters
        ----------
        voltage : ndarray [V]
            Voltage w across the selector, word line positive. While an array is solved this has the array's shape
            (rows, columns), so that a law may hold a parameter for each cell.
        gate : ndarray [V]
            Given to gated selectors only; broadcasts against ``voltage``.
        on : ndarray of bool
            Given to hysteretic selectors only; shape of ``voltage``.

        Returns
        -------
        tuple of ndarray
            Current [A] and slope [S], both of the shape of ``voltage``. The solver tries voltages up to that across
            the whole cell; a law may overflow to inf there, but not at the solution.
        """

    def switches_on(self, inner: np.ndarray) -> np.ndarray:
        """Where a cell that is off must turn on, given the voltage [V] across its selector; bool, same shape."""
        raise NotImplementedError(f"{type(self).__name__} is hysteretic and must define switches_on")

    def switches_off(self, current: np.ndarray) -> np.ndarray:
        """Where a cell that is on must turn off, given its current [A]; bool, same shape."""
        raise NotImplementedError(f"{type(self).__name__} is hysteretic and must define switches_off")

    def series(
        self,
        voltage: np.ndarray,
        conductance: np.ndarray,
        work: Series,
        *,
        gate: np.ndarray | None = None,
        on: np.ndarray | None = None,
    ) -> None:
        """Fill ``work`` with current, slope and inner voltage of selector and ohmic device in series.

        The built-in selectors have their own vector code; this one, from `current` alone, is a Newton iteration kept
        in brackets, on all cells at once, to rounding.

        Parameters
        ----------
        voltage : ndarray [V]
            Across selector and device, (rows, columns).
        conductance : ndarray [S]
            Of the devices, (rows, columns), not negative; an open device (0) takes the whole voltage.
        work : Series
            Arrays to fill.
        gate : ndarray [V], optional
            Gate voltage of each word line, (rows,); without it the selector's attribute ``gate_voltage``.
        on : ndarray of bool, optional
            State of each cell, (rows, columns); without it all are off.

        Raises
        ------
        ParameterError
            The law returns NaN, inf or a wrong shape, falls with the voltage or delivers power: with the class, the
            voltage and the cell; no gate voltage for a gated selector; arrays of different shapes.
        ConvergenceError
            The root was not found.
        """
        check_series(voltage, conductance, work)
        voltage = check.array("voltage", voltage, "V", empty=True)
        conductance = check.array("conductance", conductance, "S", 0.0, empty=True)
        keywords = {}
        if self.gated:
            keywords["gate"] = self.row_gate(gate, voltage.shape[0])[:, None]
        if self.hysteretic:
            keywords["on"] = cell_states(on, voltage.shape)
        elimination.solve(type(self).__name__, partial(self.current, **keywords), voltage, conductance, work)

    def applied_gate(self, gate: ArrayLike | None) -> np.ndarray:
        """The gate voltage [V] given, else the selector's own ``gate_voltage``; an error if there is neither."""
        gate = getattr(self, "gate_voltage", None) if gate is None else gate
        if gate is None:
            raise ParameterError(
                f"gate voltage [V] missing: {type(self).__name__} is a gated selector; give the bias a gate "
                "or the selector a gate_voltage"
            )
        return check.array("gate", gate, "V")

    def row_gate(self, gate: ArrayLike | None, rows: int) -> np.ndarray:
        """Gate voltage [V] of each word line, (rows,), from a number or one number a line."""
        gate = self.applied_gate(gate)
        if gate.shape not in ((), (1,), (rows,)):
            raise ParameterError(f"gate must be a number or have shape ({rows},); got shape {gate.shape}")
        return np.ascontiguousarray(np.broadcast_to(gate, (rows,)))


def cell_states(on: ArrayLike | None, shape: tuple[int, ...]) -> np.ndarray:
    """On/off state of each cell as a bool array of a shape; None is all off."""
    if on is None:
        return np.zeros(shape, dtype=np.bool_)
    states = np.asarray(check.unmasked("on", on))
    if states.dtype != np.bool_ or states.shape not in ((), shape):
        raise ParameterError(
            f"on must be an array of bool of shape {shape}; got {states.dtype} of shape {states.shape}"
        )
    return np.array(np.broadcast_to(states, shape), order="C")


def check_numbers(selector: Selector, **ranges: tuple[str, float, float]) -> None:
    """Check fields of a frozen selector, each against (unit, lowest, highest), and store them as floats."""
    for name, (unit, low, high) in ranges.items():
        object.__setattr__(selector, name, check.number(name, getattr(selector, name), unit, low, high))


def evaluate(compiled: Callable, voltage: ArrayLike, p: NamedTuple, *more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Run a kernel of single selectors over voltages [V] of any shape; ``more`` are arrays that broadcast to it."""
    voltage = check.array("voltage", voltage, "V", empty=True)
    try:
        flat = [np.ascontiguousarray(np.broadcast_to(other, voltage.shape)).reshape(-1) for other in more]
    except ValueError:
        shapes = ", ".join(str(np.shape(other)) for other in more)
        raise ParameterError(f"gate and on must broadcast to voltage's shape {voltage.shape}; got {shapes}") from None
    current, slope = np.empty(voltage.shape), np.empty(voltage.shape)
    launch(compiled, voltage.size, voltage.reshape(-1), *flat, p, current.reshape(-1), slope.reshape(-1))
    return current, slope

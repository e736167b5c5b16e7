"""What is applied to the terminals of a crossbar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.brief import brief
from pcmphys.numerics.frozen import Frozen

SCHEMES = {"half": (0.5, 0.5), "third": (1.0 / 3.0, 2.0 / 3.0), "float": (np.nan, np.nan), "ground": (0.0, 0.0)}
"""Voltages of the unselected word lines and bit lines, as parts of the selected word line's; NaN: left open."""


@dataclass(frozen=True, eq=False)
class Bias(Frozen):
    """Voltages at the ends of the lines; NaN leaves an end open. Make one with a constructor such as `Bias.matvec`.

    Parameters
    ----------
    left, right : array_like [V]
        Ends of the word lines: a number, shape (rows,) or (rows, batch). Right ends are open by default.
    bottom, top : array_like [V]
        Ends of the bit lines: a number, shape (columns,) or (columns, batch). Top ends are open by default.
    gate : array_like [V], optional
        Gate voltage of the transistors on each word line: a number, shape (rows,) or (rows, batch).

    Notes
    -----
    An end that is "grounded" is driven at 0 V; what lies between it and its line is one wire segment and the
    resistance that `Wires` gives to this side of the array.

    Examples
    --------
    Word lines driven from both sides, bit lines sensed at the bottom:

    >>> Bias(left=[0.1, 0.2], right=[0.1, 0.2])
    Bias(left (2,), bottom (), right (2,))
    """

    left: np.ndarray
    bottom: np.ndarray = 0.0
    right: np.ndarray = np.nan
    top: np.ndarray = np.nan
    gate: np.ndarray | None = None

    def __post_init__(self) -> None:
        batches = {}
        for name in ("left", "bottom", "right", "top", "gate"):
            if name == "gate" and self.gate is None:
                continue
            value = _voltages(name, getattr(self, name), open_allowed=name != "gate")
            value.flags.writeable = False
            object.__setattr__(self, name, value)
            if value.ndim == 2:
                batches[name] = value.shape[1]
        if len(set(batches.values())) > 1:
            raise ParameterError(f"all ends must have the same batch; got {batches}")
        object.__setattr__(self, "batch", next(iter(batches.values()), None))
        if all(np.isnan(end).all() for end in (self.left, self.right, self.bottom, self.top)):
            raise ParameterError("a bias must drive or ground at least one end of a line; all are open (NaN)")

    def __repr__(self) -> str:
        used = [n for n in ("left", "bottom", "right", "top") if not np.isnan(getattr(self, n)).all()]
        used += ["gate"] * (self.gate is not None)
        return f"Bias({', '.join(f'{n} {getattr(self, n).shape}' for n in used)})"

    @classmethod
    def matvec(cls, voltage: ArrayLike, gate: ArrayLike | None = None) -> Bias:
        """Drive every word line at its left end, sense every bit line at its bottom end at virtual ground.

        Parameters
        ----------
        voltage : array_like [V]
            Shape (rows,) for one input or (rows, batch) for many.
        gate : array_like [V], optional
            See `Bias`.

        Examples
        --------
        >>> Bias.matvec([0.1, 0.2]).left
        array([0.1, 0.2])
        """
        voltage = check.array("voltage", voltage, "V", ndim=(1, 2))
        return cls(voltage, 0.0, gate=gate)

    @overload
    @classmethod
    def select(
        cls, i: int, j: int, voltage: float, scheme: str = ..., *, gate: ArrayLike | None = ...
    ) -> Selection: ...

    @overload
    @classmethod
    def select(
        cls, i: int, j: int, voltage: float, scheme: str = ..., *, rows: int, columns: int, gate: ArrayLike | None = ...
    ) -> Bias: ...

    @classmethod
    def select(
        cls,
        i: int,
        j: int,
        voltage: float,
        scheme: str = "half",
        *,
        rows=None,
        columns=None,
        gate: ArrayLike | None = None,
    ) -> Bias | Selection:
        """Select one cell: its word line at ``voltage``, its bit line grounded, the others by the scheme.

        Parameters
        ----------
        i, j : int
            Word line and bit line of the cell, from 0.
        voltage : float [V]
            Not zero.
        scheme : str
            Unselected lines: "half" (all at V/2), "third" (word lines V/3, bit lines 2V/3), "float" (open), "ground".
        rows, columns : int, optional
            Size of the array. Left out, the bias takes the size of the crossbar that it is used on.
        gate : float [V], optional
            Gate voltage of the selected word line; all other gates are at 0 V.

        Returns
        -------
        Selection or Bias
            Without a size a `Selection`, which `Crossbar` takes wherever it takes a bias; with rows and columns a
            `Bias`.

        Examples
        --------
        >>> Bias.select(0, 1, 1.2, "third", rows=2, columns=3).bottom
        array([0.8, 0. , 0.8])
        """
        found = Selection(
            check.integer("i", i, 0),
            check.integer("j", j, 0),
            check.number("voltage", voltage, "V"),
            check.choice("scheme", scheme, SCHEMES),
            None if gate is None else check.number("gate", gate, "V"),
        )
        if found.voltage == 0.0:
            raise ParameterError("voltage must not be zero: nothing would be selected; got 0 V")
        if (rows is None) != (columns is None):
            raise ParameterError(f"rows and columns go together; got rows={rows!r} and columns={columns!r}")
        if rows is None:
            return found
        return found.sized(check.integer("rows", rows, 1), check.integer("columns", columns, 1))

    @classmethod
    def voltages(
        cls,
        rows: ArrayLike = np.nan,
        columns: ArrayLike = np.nan,
        *,
        right: ArrayLike = np.nan,
        top: ArrayLike = np.nan,
        gate: ArrayLike | None = None,
    ) -> Bias:
        """Any voltages: left ends of the word lines, bottom ends of the bit lines; NaN leaves an end open.

        Parameters
        ----------
        rows, right : array_like [V]
            Left and right ends of the word lines, see `Bias`.
        columns, top : array_like [V]
            Bottom and top ends of the bit lines.
        gate : array_like [V], optional
            See `Bias`.
        """
        return cls(rows, columns, right, top, gate)

    def scaled(self, factor: ArrayLike) -> Bias:
        """All voltages times a factor, or times each of a sequence of factors (which then is the batch); not the gates.

        Examples
        --------
        A ramp of three steps:

        >>> Bias.matvec([1.0, 2.0]).scaled([0.0, 0.5, 1.0]).left
        array([[0. , 0.5, 1. ],
               [0. , 1. , 2. ]])
        """
        factor = check.array("factor", factor, ndim=(0, 1))
        ends = (self.left, self.bottom, self.right, self.top)
        if factor.ndim == 0:
            return Bias(*(factor * end for end in ends), self.gate)
        if self.batch is not None:
            raise ParameterError(f"only a bias of one input can become a ramp; this one has a batch of {self.batch}")
        return Bias(*(_ramped(end, factor) for end in ends), self.gate)

    def sized(self, rows: int, columns: int) -> Bias:
        """The same for an array of a size: every end an array of shape (lines,) or (lines, batch).

        Raises
        ------
        ParameterError
            An end has another number of lines.
        """
        ends = {}
        for name, count in (("left", rows), ("bottom", columns), ("right", rows), ("top", columns), ("gate", rows)):
            value = getattr(self, name)
            if value is None:
                continue
            if value.ndim and value.shape[0] != count:
                lines = "bit" if name in ("bottom", "top") else "word"
                raise ParameterError(
                    f"bias: {name} must be a number or have shape ({count},) or ({count}, batch) for {count} {lines} "
                    f"lines; got shape {value.shape}"
                )
            shape = (count,) if self.batch is None else (count, self.batch)
            if value.ndim == 1 and self.batch is not None:
                value = value[:, None]
            ends[name] = np.broadcast_to(value, shape)
        # what it is made of has been checked
        sized = object.__new__(Bias)
        for name, value in ({"gate": None, "batch": self.batch} | ends).items():
            object.__setattr__(sized, name, value)
        return sized


def _ramped(end: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """One end's voltages times each factor, (lines, factors); what is open or at ground stays so."""
    if end.ndim == 0:
        if end != 0.0 and not np.isnan(end):
            raise ParameterError(
                f"a ramp needs one voltage a line (see Bias.sized); an end is given as one number, {end:g} V"
            )
        return end
    return np.multiply.outer(end, factor)


def _voltages(name: str, value, *, open_allowed: bool) -> np.ndarray:
    """Own array of finite voltages, or NaN where an end may be open."""
    if open_allowed:
        return check.with_gaps(name, value, "V", ndim=(0, 1, 2))
    return np.array(check.array(name, value, "V", ndim=(0, 1, 2)))


@dataclass(frozen=True)
class Selection:
    """One selected cell of a crossbar whose size is not known yet: what `Bias.select` gives.

    Attributes
    ----------
    i, j : int
        Word line and bit line.
    voltage : float [V]
        On the selected word line.
    scheme : str
        Of the unselected lines, see `Bias.select`.
    gate : float [V] or None
        Of the selected word line.
    factors : float, tuple of float or None
        What `scaled` has multiplied all voltages by; a tuple is a batch.
    """

    i: int
    j: int
    voltage: float
    scheme: str
    gate: float | None = None
    factors: float | tuple[float, ...] | None = None

    def __repr__(self) -> str:
        scaled = "" if self.factors is None else f".scaled({brief(np.array(self.factors))})"
        return f"Bias.select({self.i}, {self.j}, {self.voltage:g}, {self.scheme!r}){scaled}"

    @property
    def batch(self) -> int | None:
        """Number of inputs; None for a single one."""
        return len(self.factors) if isinstance(self.factors, tuple) else None

    def scaled(self, factor: ArrayLike) -> Selection:
        """All voltages times a factor, or times each of a sequence of factors (then the batch); see `Bias.scaled`.

        Examples
        --------
        >>> Bias.select(0, 1, 1.2, "half").scaled([0.5, 1.0]).sized(2, 2).left
        array([[0.6, 1.2],
               [0.3, 0.6]])
        """
        factor = check.array("factor", factor, ndim=(0, 1))
        if self.batch is not None:
            if factor.ndim:
                raise ParameterError(
                    f"only a bias of one input can become a ramp; this one has a batch of {self.batch}"
                )
            return replace(self, factors=tuple((float(factor) * np.array(self.factors)).tolist()))
        before = 1.0 if self.factors is None else self.factors
        found = (before * factor).tolist()
        return replace(self, factors=tuple(found) if factor.ndim else found)

    def sized(self, rows: int, columns: int) -> Bias:
        """The bias on an array of a size."""
        i, j = check.integer("i", self.i, 0, rows - 1), check.integer("j", self.j, 0, columns - 1)
        row_part, column_part = SCHEMES[self.scheme]
        left, bottom = np.full(rows, row_part * self.voltage), np.full(columns, column_part * self.voltage)
        left[i], bottom[j] = self.voltage, 0.0
        gate = None
        if self.gate is not None:
            gate = np.zeros(rows)
            gate[i] = self.gate
        bias = Bias(left, bottom, gate=gate)
        return (bias if self.factors is None else bias.scaled(self.factors)).sized(rows, columns)

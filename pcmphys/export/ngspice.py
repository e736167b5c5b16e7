"""The exact netlist of a crossbar for ngspice: every wire segment, terminal, device and selector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import singledispatch
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.crossbar import OTS, Bias, Crossbar, Diode, Exponential, Selection, Solution, Transistor
from pcmphys.crossbar.solution import checked_start
from pcmphys.crossbar.solver.ends import joined, refuse_islands
from pcmphys.crossbar.solver.states import before
from pcmphys.errors import ParameterError
from pcmphys.export.ngspice_devices import ngspice_devices
from pcmphys.numerics.files import write_whole

OPTIONS = "reltol=1e-9 vntol=1e-12 abstol=1e-14 gmin=1e-20 itl1=1000"
"""With these only rounding is left; the usual ones stop at steps of 1e-3 and add 1e-12 S to each junction."""

_ZERO_CELSIUS = 273.15  # as in ngspice
_DEVICE = "device"  # subcircuits of devices, before their number


def ngspice(
    xbar: Crossbar,
    bias: Bias | Selection,
    path: str | Path | None = None,
    *,
    start: Solution | None = None,
    on: ArrayLike | None = None,
    behavioural: bool = False,
    options: str = OPTIONS,
) -> str:
    """Write a crossbar under one bias as a netlist that ``ngspice -b`` solves and whose currents it prints.

    Word line i is the nodes ``w<i>_<j>``, bit line j the nodes ``b<i>_<j>``; ``x<i>_<j>`` lies between device and
    selector. A line without wire resistance is one node, ``w<i>`` or ``b<j>``. Each driven end has a voltage source,
    ``Vleft<i>``, ``Vright<i>``, ``Vtop<j>``, ``Vbottom<j>``; open ends and open cells are left out. Every terminal
    current is printed with 17 digits: ``row_current_<i>``, ``right_current_<i>``, ``top_current_<j>`` (into the array)
    and ``column_current_<j>`` (out of it).

    Parameters
    ----------
    xbar : Crossbar
        Given conductances or devices, alone or in series with a selector.
    bias : Bias
        One input, not a batch. NaN: that end is open.
    path : str or path, optional
        Where to write the netlist; the file is written whole or not at all.
    start : Solution, optional
        A solution of the same array for one input: its node voltages become ngspice's first guess (``.nodeset``).
    on : array_like of bool, optional
        Selectors with hysteresis: which are on, shape (rows, columns) or one for all. By default those of ``start``,
        and without it none.
    behavioural : bool
        Write diodes as behavioural sources instead of junction models (see Notes).
    options : str
        Tolerances, as in ngspice's ``.options``.

    Returns
    -------
    str
        The netlist.

    Raises
    ------
    ParameterError
        A batch, or shapes that do not fit; no gate voltage for a gated selector; lines without a path to a terminal;
        devices that go on under this bias, or of a kind without a netlist; a selector without a formula; a folder that
        cannot be written.
    ConvergenceError
        Devices that are not ohmic: pcmphys itself does not solve the array, to see whether any goes on.

    Notes
    -----
    *Diodes* are junction models ``D``. Versions of ngspice differ in k/q (version 26 is off by 2.9e-5 of it, version
    39 by 3.4e-7; a current at 0.6 V then changes by 5e-6 at n = 1.5), so the netlist scales the ideality by the
    constants of the version that runs it, and sets the diode's temperature. What remains: below -3 n kT/q the junction
    model replaces the exponential by a cubic, wrong by at most 0.41 % of the saturation current. That matters where
    only reverse leakage sets a voltage (lines left open); ``behavioural=True`` is exact there, and slower.

    *Other selectors* are behavioural sources with the formula of their law. Those with hysteresis are written in the
    states ``on`` (those of `Solution.on`, for one), without the transitions. A selector of your
    own needs a method ``ngspice(voltage, cell) -> str``: its current [A] as an ngspice expression of ``voltage``, which
    is an expression too; ``cell`` is (i, j). It gets the keywords ``gate`` [V] and ``on``, one number and one bool, if
    it is gated or hysteretic.

    *Devices* are resistors. Mushroom devices, which are not ohmic, are subcircuits of their present off-state,
    ``device_<k>`` with k along the rows, by the laws themselves (see `ngspice_devices`): a table of their I-V would
    make ngspice agree with its own interpolation. A bias under which any of them goes on is refused, since the on-state
    is not in the netlist.

    *Lines left open* that only leakage holds: ngspice cannot know their voltage better than 1e-16 of the conductance of
    a wire segment over that leakage, and gives up ("DC solution failed") where its tolerances ask for more. Then loosen
    them: with ``options="reltol=1e-6 vntol=1e-7 abstol=1e-14 gmin=1e-20"`` the currents of driven lines still agreed to
    1e-9.

    The solution is that of direct currents: no capacitance, no noise.

    References
    ----------
    H. Vogt et al., Ngspice User's Manual, version 39 (2023), chapters 5 (B sources) and 7 (junction diodes).

    Examples
    --------
    1 V over a device of 1 mS behind two wires of 1 ohm: 1 V / 1002 ohm.

    >>> import pcmphys as pcm
    >>> xbar = pcm.Crossbar([[1e-3]], pcm.Wires(row=1.0, column=1.0))
    >>> print(ngspice(xbar, pcm.Bias.matvec([1.0])))
    * pcmphys crossbar of 1 word lines and 1 bit lines
    .options reltol=1e-9 vntol=1e-12 abstol=1e-14 gmin=1e-20 itl1=1000
    Vleft0 left0 0 1.0
    Rleft0 left0 w0_0 1.0
    Vbottom0 bottom0 0 0.0
    Rbottom0 bottom0 b0_0 1.0
    Rcell0_0 w0_0 b0_0 1000.0
    .control
    op
    set numdgt=16
    let row_current_0 = -i(vleft0)
    print row_current_0
    let column_current_0 = i(vbottom0)
    print column_current_0
    quit
    .endc
    .end
    <BLANKLINE>

    Saved as array.cir, ``ngspice -b array.cir`` then prints ``row_current_0 = 9.9800399201596801e-04``.
    """
    bias = _one_input(xbar, bias)
    if not isinstance(options, str) or "\n" in options:
        raise ParameterError(f"options must be text of one line, as after ngspice's .options; got {options!r}")
    array = _Array(xbar, bias)
    selector = xbar.selector
    checked_start(start, xbar.shape)
    devices = _subcircuits(xbar, bias, start, on)
    on = before(selector, on, start, xbar.shape)
    lines = [f"* pcmphys crossbar of {array.rows} word lines and {array.columns} bit lines"]
    if selector is not None:
        lines.append(f"* every cell, from word to bit line: the device, then {type(selector).__name__}")
    prepare: list[str] = []
    junction = isinstance(selector, Diode) and not behavioural
    if junction:
        model, scale, celsius = _junction(selector)
        options += f" temp={celsius!r} tnom={celsius!r}"
        prepare.append(scale)
    lines.append(f".options {options}")
    if junction:
        lines.append(model)
    lines += [*devices, *array.terminals(), *array.wires()]
    lines += array.cells(selector, None if junction else _formulas(xbar, bias, on), subcircuits=bool(devices))
    if start is not None:
        lines += array.first_guess(start, selector is not None)
    text = "\n".join([*lines, ".control", *prepare, *array.report(), "quit", ".endc", ".end", ""])
    if path is not None:
        _write(path, text)
    return text


def _one_input(xbar, bias) -> Bias:
    """The bias sized for the array; refuses what the netlist cannot hold."""
    if not isinstance(xbar, Crossbar):
        raise ParameterError(f"xbar must be a Crossbar; got {type(xbar).__name__}")
    if not isinstance(bias, (Bias, Selection)):
        raise ParameterError(f"bias must be a Bias (for example Bias.matvec(v)); got {type(bias).__name__}")
    bias = bias.sized(*xbar.shape)
    if bias.batch is not None:
        raise ParameterError(
            f"bias: a netlist holds one input, this bias is a batch of {bias.batch}; write one netlist for each"
        )
    return bias


def _subcircuits(xbar: Crossbar, bias: Bias, start, on) -> list[str]:
    """Lines of a library of the devices in their off-state; none where resistors will do."""
    if xbar.ohmic:
        return []
    try:
        library = ngspice_devices(xbar.look(), name=_DEVICE, ageing=False).splitlines()
    except ParameterError as error:
        raise ParameterError(
            f"cells: these devices are not ohmic, and {error}. Give the crossbar their conductances "
            "(Crossbar(devices.conductance(), ...)), if ohmic devices will do"
        ) from None
    switched = xbar.solve(bias, start=start, on=on).switched
    if switched is not None and switched.any():
        i, j = np.argwhere(switched)[0]
        more = f" (with {switched.sum() - 1} others)" if switched.sum() > 1 else ""
        raise ParameterError(
            f"bias: under it the device of cell ({i}, {j}) goes on{more}, and the "
            "netlist holds the off-state only; give a lower voltage, or a Crossbar of the conductances of a solution "
            "(cell_current / device_voltage)"
        )
    return library


class _Array:
    """Nodes, terminals and wires of a crossbar as lines of a netlist."""

    def __init__(self, xbar: Crossbar, bias: Bias):
        self.rows, self.columns = xbar.shape
        self.conductance = xbar.conductance
        self.resistances = xbar.wires.per_line(self.rows, self.columns)
        ((ends, _, _),) = joined(bias, self.resistances)
        refuse_islands(lambda: self.conductance > 0.0, ends)
        near, far = self.resistances.row_near, self.resistances.row_far
        bottom, top = self.resistances.column_near, self.resistances.column_far
        # a line without any resistance that is driven at both ends (at one voltage) has only its near source
        right = np.where(_short(bias.left, near, far, self.resistances.row), np.nan, bias.right)
        above = np.where(_short(bias.bottom, bottom, top, self.resistances.column), np.nan, bias.top)
        self.sides = (
            ("left", "row_current", "-", bias.left, near, lambda i: self.word(i, 0)),
            ("right", "right_current", "-", right, far, lambda i: self.word(i, self.columns - 1)),
            ("bottom", "column_current", "", bias.bottom, bottom, lambda j: self.bit(self.rows - 1, j)),
            ("top", "top_current", "-", above, top, lambda j: self.bit(0, j)),
        )

    def word(self, i: int, j: int) -> str:
        """Node of word line i at bit line j."""
        return f"w{i}" if self.resistances.row[i] == 0.0 else f"w{i}_{j}"

    def bit(self, i: int, j: int) -> str:
        """Node of bit line j at word line i."""
        return f"b{j}" if self.resistances.column[j] == 0.0 else f"b{i}_{j}"

    def _driven(self) -> Iterator[tuple]:
        """All driven ends: name of the side, its current and sign, line, voltage [V], resistance [ohm], its node."""
        for side, current, sign, voltage, resistance, node in self.sides:
            for k in np.flatnonzero(~np.isnan(voltage)):
                yield side, current, sign, int(k), float(voltage[k]), float(resistance[k]), node(k)

    def terminals(self) -> Iterator[str]:
        """Sources and what joins them to the lines."""
        for side, _, _, k, voltage, resistance, node in self._driven():
            if resistance == 0.0:
                yield f"V{side}{k} {node} 0 {voltage!r}"
            else:
                yield f"V{side}{k} {side}{k} 0 {voltage!r}"
                yield f"R{side}{k} {side}{k} {node} {resistance!r}"

    def wires(self) -> Iterator[str]:
        """Segments between neighbouring cells."""
        for i in np.flatnonzero(self.resistances.row):
            ohm = float(self.resistances.row[i])
            yield from (f"Rw{i}_{j} w{i}_{j - 1} w{i}_{j} {ohm!r}" for j in range(1, self.columns))
        for j in np.flatnonzero(self.resistances.column):
            ohm = float(self.resistances.column[j])
            yield from (f"Rb{i}_{j} b{i - 1}_{j} b{i}_{j} {ohm!r}" for i in range(1, self.rows))

    def cells(
        self, selector, formula: Callable[[str, int, int], str] | None, *, subcircuits: bool = False
    ) -> Iterator[str]:
        """Devices, each with its selector: a junction where there is no formula."""
        for i, j in np.argwhere(self.conductance > 0.0):
            word, bit = self.word(i, j), self.bit(i, j)
            inner = bit if selector is None else f"x{i}_{j}"
            if subcircuits:
                yield f"Xcell{i}_{j} {word} {inner} {_DEVICE}_{i * self.columns + j}"
            else:
                yield f"Rcell{i}_{j} {word} {inner} {1.0 / float(self.conductance[i, j])!r}"
            if selector is None:
                continue
            if formula is None:
                yield f"Dcell{i}_{j} {inner} {bit} junction"
            else:
                yield f"Bcell{i}_{j} {inner} {bit} I = {formula(f'v({inner},{bit})', i, j)}"

    def first_guess(self, start: Solution, selector: bool) -> Iterator[str]:
        """Node voltages of a solution, but for nodes that a source holds."""
        guess = {}
        for i, j in np.ndindex(self.rows, self.columns):
            guess[self.word(i, j)] = start.row_voltage[i, j]
            guess[self.bit(i, j)] = start.column_voltage[i, j]
            if selector and self.conductance[i, j] > 0.0:
                guess[f"x{i}_{j}"] = start.column_voltage[i, j] + start.selector_voltage[i, j]
        held = {node for *_, resistance, node in self._driven() if resistance == 0.0}
        return (f".nodeset v({node})={float(value)!r}" for node, value in guess.items() if node not in held)

    def report(self) -> Iterator[str]:
        """Commands that solve the circuit and print the terminal currents."""
        yield from ("op", "set numdgt=16")
        for side, current, sign, k, *_ in self._driven():
            yield f"let {current}_{k} = {sign}i(v{side}{k})"
            yield f"print {current}_{k}"


def _short(voltage: np.ndarray, near: np.ndarray, far: np.ndarray, wire: np.ndarray) -> np.ndarray:
    return ~np.isnan(voltage) & (near == 0.0) & (far == 0.0) & (wire == 0.0)


def _junction(diode: Diode) -> tuple[str, str, float]:
    """Model card, the command that gives it our kT/q whatever constants this ngspice has, and temperature [C]."""
    card = f".model junction d(is={diode.saturation_current!r} n={diode.ideality!r})"
    scale = f"({BOLTZMANN!r}/{ELEMENTARY_CHARGE!r})/(const.boltz/const.echarge)"
    return card, f"altermod junction n = {diode.ideality!r}*{scale}", diode.temperature - _ZERO_CELSIUS


def _formulas(xbar: Crossbar, bias: Bias, on) -> Callable[[str, int, int], str] | None:
    """Current of the selector of cell (i, j) as an expression of the expression of its voltage."""
    selector = xbar.selector
    if selector is None:
        return None
    gates = selector.row_gate(bias.gate, xbar.shape[0]) if selector.gated else None

    def formula(voltage: str, i: int, j: int) -> str:
        keywords = {}
        if selector.gated:
            keywords["gate"] = float(gates[i])
        if selector.hysteretic:
            keywords["on"] = bool(on[i, j])
        return _current(selector, voltage, (int(i), int(j)), **keywords)

    return formula


@singledispatch
def _current(selector, voltage: str, cell: tuple[int, int], **keywords) -> str:
    """Current [A] of the selector of a cell as an ngspice expression; ``gate`` [V] and ``on`` where it has them."""
    own = getattr(selector, "ngspice", None)
    if not callable(own):
        raise ParameterError(
            f"selector: ngspice has no formula for {type(selector).__name__}; give it a method ngspice(voltage, cell) "
            "(gate and on as keywords, where it has them) that returns its current as an ngspice expression"
        )
    expression = own(voltage, cell, **keywords)
    if not isinstance(expression, str) or not expression.strip() or "\n" in expression:
        raise ParameterError(
            f"selector: {type(selector).__name__}.ngspice must return an expression of one line; got {expression!r}"
        )
    return expression


@_current.register
def _(selector: Diode, voltage, cell):
    law = selector.pack()
    return f"{law.saturation_current!r}*(exp({voltage}/{law.voltage!r})-1)"


@_current.register
def _(selector: Exponential, voltage, cell):
    law = selector.pack()
    return f"{law.current!r}*sinh({voltage}/{law.voltage!r})"


@_current.register
def _(selector: Transistor, voltage, cell, *, gate):
    thermal = BOLTZMANN * selector.temperature / ELEMENTARY_CHARGE
    pinch = (gate - selector.threshold_voltage) / selector.slope_factor
    scale = 2.0 * selector.slope_factor * selector.transconductance * thermal * thermal
    source = f"({_softplus(repr(pinch / (2.0 * thermal)))})^2"
    drain = f"({_softplus(f'(({pinch!r}-{voltage})/{2.0 * thermal!r})')})^2"
    longer = f"*(1+{selector.modulation!r}*abs({voltage}))" if selector.modulation else ""
    return f"{scale!r}*({source}-{drain}){longer}"


@_current.register
def _(selector: OTS, voltage, cell, *, on):
    leakage = f"{selector.leakage_current!r}*sinh({voltage}/{selector.leakage_voltage!r})"
    excess = f"uramp(abs({voltage})-{selector.hold_voltage!r})*sgn({voltage})/{selector.on_resistance!r}"
    return f"{leakage}+{excess}" if on else leakage


def _softplus(x: str) -> str:
    # ln(1 + e^x): ngspice cuts exp off at 228, and its ln loses the digits of a small e^x
    small = f"exp(-abs({x}))"
    return f"max({x},0)+2*atanh({small}/(2+{small}))"


def _write(path, text: str) -> None:
    try:
        write_whole(path, lambda file: file.write_text(text, encoding="ascii"))
    except OSError as error:
        raise ParameterError(f"path: cannot write {path}: {error}") from None

"""A crossbar under one bias: all that its answer depends on, and how the answer comes about.

A problem holds the cells as they were when it was made, wires, bias, states and options, and nothing else. So an answer
does not move when devices or arrays do, it can cross to another process, and node voltages of a batch need not be kept:
they are found again, input by input, when they are asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.solver import batch, linear, newton, states
from pcmphys.crossbar.solver.cells import BareDevices, Selected, SelectedDevices
from pcmphys.crossbar.solver.ends import connected, joined, refuse_islands
from pcmphys.crossbar.solver.switching import SwitchingDevices, can_switch
from pcmphys.crossbar.wires import Resistances, Wires
from pcmphys.numerics.compile import spans, thread_count, together

if TYPE_CHECKING:
    from pcmphys.crossbar.selectors.selector import Selector
    from pcmphys.crossbar.solver.lines import Ends

DEFAULT_TOLERANCE = 1e-12
_FEW = 20
"""Inputs up to which node voltages of physical cells take less memory than a look at the cells."""
_SMALL = 2**16
"""Word lines times all lines up to which the inputs of a transfer matrix are kept."""


class Solved(NamedTuple):
    """Answer at the terminals: currents (lines, inputs), worst residual and most iterations of any input.

    ``history``, ``on`` and ``switched`` (rows, columns, inputs) as in `Solution`; None where there is none.
    """

    currents: linear.Currents
    residual: float
    iterations: int
    history: list[float] | None = None
    on: np.ndarray | None = None
    switched: np.ndarray | None = None


class Kept:
    """Node voltages as they were found."""

    def __init__(self, fields: list[newton.Fields]):
        self._fields = fields

    def each(self) -> Iterator[tuple[int, newton.Fields]]:
        """Number and node voltages of every input."""
        yield from enumerate(self._fields)


class KeptOhmic:
    """Node voltages of one input of ohmic cells: the rest follows from them when it is asked for."""

    def __init__(self, found: linear.NodeVoltages, conductance: np.ndarray):
        self._found, self._conductance = found, conductance

    def each(self) -> Iterator[tuple[int, newton.Fields]]:
        """Number and node voltages of the only input."""
        yield 0, _ohmic(self._found, self._conductance)


class LinearProblem:
    """Ohmic cells of this conductance [S] under a sized bias.

    ``limits`` are (tolerance, most iterations); ``network(ends)`` gives the eliminated network where the caller keeps
    one, and checks it for islands.
    """

    bias: Bias
    conductance: np.ndarray
    limits: tuple[float, int]
    resistances: Resistances

    def __init__(
        self,
        conductance: np.ndarray,
        resistances: Resistances,
        bias: Bias,
        limits: tuple[float, int],
        network: Callable[[Ends], linear.Network] | None = None,
    ):
        self.conductance, self.resistances, self.bias, self.limits = conductance, resistances, bias, limits
        self._network = network

    def __getstate__(self) -> dict[str, Any]:
        # eliminated networks are twice the size of the cells, and quickly made again
        return self.__dict__ | {"_network": None}

    def solve(self) -> tuple[Solved, object]:
        """The answer, and what gives its node voltages."""
        groups = joined(self.bias, self.resistances)
        if len(groups) > 1:
            return self._streamed(groups), self
        ((ends, _, drives),) = groups
        found = batch.solve(self._eliminated(ends), drives, *self.limits)
        nodes = self if found.fields is None else KeptOhmic(found.fields, self.conductance)
        return Solved(linear.Currents(*found[:4]), found.residual, found.iterations), nodes

    def gain(self, fields: newton.Fields) -> np.ndarray:
        """How much of a device's noise reaches the cell's current, (rows, columns): all of it."""
        return np.ones(self.conductance.shape)

    def each(self) -> Iterator[tuple[int, newton.Fields]]:
        """Number and node voltages of every input, in any order; inputs that leave the same ends open together."""
        factors = np.empty_like(self.conductance), np.empty_like(self.conductance)
        groups = joined(self.bias, self.resistances)
        for ends, inputs, drives in groups:
            net = self._eliminated(ends) if len(groups) == 1 else linear.network(self.conductance, ends, factors)
            tasks = [functools.partial(batch.solve, net, [drive], *self.limits) for drive in drives]
            for k, found in zip(inputs, _a_few_at_a_time(tasks), strict=True):
                yield k, _ohmic(found.fields, self.conductance)

    def _eliminated(self, ends) -> linear.Network:
        if self._network is not None:
            return self._network(ends)
        self._refuse_islands(ends)
        return linear.network(self.conductance, ends)

    @functools.cached_property
    def _pieces(self) -> np.ndarray:
        return connected(self.conductance > 0.0)

    def _refuse_islands(self, ends) -> None:
        # which lines the cells join is looked up once, not for each set of open ends
        floating = np.concatenate(ends.floating)
        if floating.any() and not np.isin(self._pieces[floating], self._pieces[~floating]).all():
            refuse_islands(lambda: self.conductance > 0.0, ends)

    def _streamed(self, groups) -> Solved:
        """Solve groups of inputs with different open ends one after the other, keeping no network."""
        for ends, _, _ in groups:
            self._refuse_islands(ends)
        inputs = sum(len(members) for _, members, _ in groups)
        currents = linear.Currents(*(np.empty((lines, inputs)) for lines in 2 * self.conductance.shape))

        def run(some) -> list[tuple[float, int]]:
            factors = np.empty_like(self.conductance), np.empty_like(self.conductance)
            done = []
            for ends, members, drives in some:
                found = batch.solve(linear.network(self.conductance, ends, factors), drives, *self.limits)
                for out, part in zip(currents, found, strict=False):
                    out[:, members] = part
                done.append((found.residual, found.iterations))
            return done

        # a large group shares itself out to the threads, groups of one input are shared out
        large = [group for group in groups if len(group[1]) > 1]
        single = [group for group in groups if len(group[1]) == 1]
        tasks = [functools.partial(run, single[slice(*span)]) for span in spans(len(single), thread_count())]
        done = run(large) + [pair for part in together(tasks if single else []) for pair in part]
        residual, iterations = (max(column) for column in zip(*done, strict=True))
        return Solved(currents, residual, iterations)


class NonlinearProblem:
    """Cells behind a selector, or physical devices, under a sized bias.

    Parameters
    ----------
    devices : ndarray [S] or Look
        Conductances of ohmic devices, or a look at others.
    selector : Selector or None
        In series with every device.
    start : tuple of ndarray or None
        Voltages [V] of word and bit lines to begin at.
    on : ndarray of bool or None
        States of a selector with hysteresis before the first input, (rows, columns).
    switched : ndarray of bool or None
        Devices that are on before each input, (rows, columns); by default none.
    """

    bias: Bias
    devices: Any
    limits: tuple[float, int]
    resistances: Resistances
    selector: Selector | None
    start: tuple[np.ndarray, np.ndarray] | None

    def __init__(
        self,
        devices: Any,
        selector: Selector | None,
        resistances: Resistances,
        bias: Bias,
        limits: tuple[float, int],
        start: tuple[np.ndarray, np.ndarray] | None = None,
        on: np.ndarray | None = None,
        switched: np.ndarray | None = None,
    ):
        self.devices, self.selector, self.resistances = devices, selector, resistances
        self.bias, self.limits, self.start = bias, limits, start
        self._first, self._before = on, switched
        self._on: np.ndarray | None = None
        self._switched: np.ndarray | None = None

    def solve(self) -> tuple[Solved, object]:
        """The answer, and what gives its node voltages."""
        inputs = self._inputs()
        physical = not isinstance(self.devices, np.ndarray)
        keep = len(inputs) == 1 or (physical and len(inputs) <= _FEW)

        def one(ends, drive, gate, on=None) -> tuple[newton.Found, Any]:
            cells = self._cells(gate, on, self._before)
            found = states.solve(cells, ends, drive, self.limits, self.start)
            cells.remark(found.fields)
            # what can be found again is not kept
            return found if keep else found._replace(fields=None), cells

        if self._first is None:
            answers = together([functools.partial(one, *each) for each in inputs])
        else:
            answers = self._in_turn(one, inputs)
        found = [answer for answer, _ in answers]
        self._on, self._switched = (_stacked([getattr(cells, name) for _, cells in answers]) for name in _STATES)
        if len(inputs) == 1:
            return of_one_input(found[0], self._state(0), self._switched_by(0))
        currents = linear.Currents(*(np.stack(part, axis=1) for part in zip(*(f.currents for f in found), strict=True)))
        solved = Solved(currents, max(f.residual for f in found), max(f.iterations for f in found), on=self._on,
                        switched=self._switched)  # fmt: skip
        return solved, Kept([f.fields for f in found]) if keep else self

    def gain(self, fields: newton.Fields) -> np.ndarray:
        """Of one input: how much of a device's noise reaches the cell's current, (rows, columns)."""
        return self._cells(self.bias.gate, self._state(0), self._switched_by(0)).gain(fields)

    def each(self) -> Iterator[tuple[int, newton.Fields]]:
        """Number and node voltages of every input."""
        tasks = [functools.partial(self._again, k, *each) for k, each in enumerate(self._inputs())]
        yield from enumerate(_a_few_at_a_time(tasks))

    def _again(self, k: int, ends, drive, gate) -> newton.Fields:
        # with the states that were found they are consistent at once
        cells = self._cells(gate, self._state(k), self._switched_by(k))
        return states.solve(cells, ends, drive, self.limits, self.start).fields

    def _in_turn(self, one, inputs) -> list[tuple[newton.Found, Any]]:
        """Inputs one after the other, each from the states of selectors that the one before it has left."""
        answers, on = [], self._first
        for each in inputs:
            answers.append(one(*each, on))
            on = answers[-1][1].selector_on
        return answers

    def _state(self, k: int) -> np.ndarray | None:
        """States of the selectors after input k."""
        return None if self._on is None else self._on[..., k]

    def _switched_by(self, k: int) -> np.ndarray | None:
        """Devices that are on by input k."""
        return None if self._switched is None else self._switched[..., k]

    def _inputs(self):
        """Ends, drive and gates of each input, in order."""
        out = {}
        for ends, inputs, drives in joined(self.bias, self.resistances):
            for k, drive in zip(inputs, drives, strict=True):
                gate = self.bias.gate
                if gate is not None:
                    gate = np.ascontiguousarray(gate if gate.ndim == 1 else gate[:, k])
                out[k] = ends, drive, gate
        return [out[k] for k in sorted(out)]

    def _cells(self, gate, on, switched):
        on = None if on is None else on.copy()
        if can_switch(self.devices):
            return SwitchingDevices(self.devices, self.selector, gate, on, switched)
        if isinstance(self.devices, np.ndarray):
            return Selected(self.devices, self.selector, gate, None if on is None else on[None])
        if self.selector is None:
            return BareDevices(self.devices)
        return SelectedDevices(self.devices, self.selector, gate, None if on is None else on[None])


_STATES = ("selector_on", "switched")


def _stacked(of_inputs: list[np.ndarray | None]) -> np.ndarray | None:
    """States (rows, columns, inputs) of cells that have them, read-only."""
    if of_inputs[0] is None:
        return None
    found = np.stack(of_inputs, axis=-1)
    found.flags.writeable = False
    return found


def transfers(cells: np.ndarray, wires: Wires, tolerance: float = DEFAULT_TOLERANCE) -> list[np.ndarray]:
    """Transfer matrices (columns, rows) [S] of ohmic arrays of one shape, as `Crossbar.transfer` gives them.

    ``cells`` are checked conductances [S], shape (arrays, rows, columns). What depends on the shape alone is made once,
    and kept for the next arrays behind the same wires: there may be thousands of small ones.
    """
    rows, columns = cells[0].shape
    small = rows * (rows + columns) <= _SMALL
    ends, drives, most = (_one_volt_each if small else _one_volt_each.__wrapped__)(wires, rows, columns)
    found = []
    for conductance in cells:
        net = linear.network(np.ascontiguousarray(conductance), ends)
        found.append(batch.solve(net, drives, tolerance, most).column_current)
    return found


@functools.lru_cache(maxsize=4)  # a matrix on tiles has at most four sizes of them
def _one_volt_each(wires: Wires, rows: int, columns: int):
    bias = Bias.matvec(np.eye(rows)).sized(rows, columns)
    ((ends, _, drives),) = joined(bias, wires.per_line(rows, columns))
    return ends, drives, most_iterations(rows, columns)


def most_iterations(rows: int, columns: int) -> int:
    """Iterations of conjugate gradients that a linear solve may take by default."""
    return 100 + 10 * (rows + columns)


def of_one_input(found: newton.Found, on: np.ndarray | None, switched: np.ndarray | None = None) -> tuple[Solved, Kept]:
    """Answer and node voltages from what Newton's method has found; states (rows, columns) as in `Solution`."""
    currents = linear.Currents(*(part[:, None] for part in found.currents))
    on, switched = (None if part is None else _stacked([part]) for part in (on, switched))
    return Solved(currents, found.residual, found.iterations, found.history, on, switched), Kept([found.fields])


def _ohmic(found: linear.NodeVoltages, conductance: np.ndarray) -> newton.Fields:
    across = found.row_voltage - found.column_voltage
    return newton.Fields(*found, conductance * across, conductance, np.zeros_like(across))


def _a_few_at_a_time(tasks: list) -> Iterator:
    """Results of tasks in order, as many at a time as there are threads: no more of them are held than that."""
    threads = thread_count()
    for start in range(0, len(tasks), threads):
        yield from together(tasks[start : start + threads])

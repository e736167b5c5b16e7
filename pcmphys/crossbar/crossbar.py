"""The crossbar: cells, wires, and the solution of Kirchhoff's laws between them."""

from __future__ import annotations

import functools

import numpy as np

from pcmphys import _check
from pcmphys._jit import together
from pcmphys.crossbar import linear, newton, noise, states, writing
from pcmphys.crossbar.bias import Bias, Selection
from pcmphys.crossbar.cells import Devices, Selected, SelectedDevices
from pcmphys.crossbar.ends import joined, refuse_islands
from pcmphys.crossbar.selectors import Selector
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.thermal import ThermalCrosstalk
from pcmphys.crossbar.wires import Wires
from pcmphys.errors import ParameterError

DEFAULT_TOLERANCE = 1e-12


class Crossbar:
    """Cells at the crossings of word lines and bit lines, with wire resistance.

    Row i is word line i, driven at its left end through one wire segment; column j is bit line j, sensed at its
    bottom end through one segment to virtual ground. The right and top ends are open unless a bias drives them.

    Parameters
    ----------
    cells : array_like [S] or population
        Conductances of shape (rows, columns), zero (open) or more; or a population of that shape, whose I-V curve at
        the time of each `solve` is used (ohmic for statistical cells).
    wires : Wires, optional
        Wire resistance; none by default.
    selector : Selector, optional
        In series with every device: `Diode`, `Exponential`, `Transistor`, `OTS`, or a class of your own.

    Attributes
    ----------
    on : ndarray of bool or None
        Which selectors are on, shape (rows, columns), for selectors with hysteresis: where the next `solve` starts,
        and where the last one ended. All off in a new array.

    Raises
    ------
    ParameterError
        Negative, infinite or NaN conductance, an empty array or a wrong shape.

    Examples
    --------
    Two cells of 1 S on one word line, all wires 1 ohm: seen from the source, 1 ohm in series with the first cell's
    branch of 2 ohm and, behind one more segment, the second's of 2 ohm. So I = 1 V / (1 + (2 || 3)) ohm.

    >>> xbar = Crossbar([[1.0, 1.0]], Wires(row=1.0, column=1.0))
    >>> solution = xbar.solve(Bias.matvec([1.0]))
    >>> bool(abs(solution.row_current[0] - 1 / (1 + 6 / 5)) < 1e-12)
    True
    """

    def __init__(self, cells, wires: Wires | None = None, selector: Selector | None = None):
        if selector is not None and not isinstance(selector, Selector):
            raise ParameterError(
                "selector must be None or a Selector (Diode, Exponential, Transistor, OTS, or a subclass of your own); "
                f"got {selector!r}"
            )
        if wires is not None and not isinstance(wires, Wires):
            raise ParameterError(f"wires must be a Wires; got {type(wires).__name__}")
        self.wires = Wires() if wires is None else wires
        self.selector = selector
        self._population = cells if callable(getattr(cells, "conductance", None)) else None
        if self._population is None:
            # always a copy: what the caller does to the array later must not reach the eliminated network
            self._conductance = np.array(_check.array("cells", cells, "S", 0.0, ndim=2))
            self._conductance.flags.writeable = False
            self.shape = self._conductance.shape
        else:
            self.shape = self._population.shape
            if len(self.shape) != 2 or not all(self.shape):
                raise ParameterError(f"cells must be a population of shape (rows, columns); got shape {self.shape}")
        self.on = np.zeros(self.shape, dtype=bool) if selector is not None and selector.hysteretic else None
        self._resistances = self.wires.per_line(*self.shape)
        self._eliminated = None

    def __repr__(self) -> str:
        rows, columns = self.shape
        selector = "" if self.selector is None else f", {self.selector}"
        return f"Crossbar({rows} x {columns}, {self.wires}{selector})"

    @property
    def conductance(self) -> np.ndarray:
        """Conductance of the devices [S], without selector: as given, or that of the population now."""
        return self._conductance if self._population is None else self._population.conductance()

    @property
    def linear(self) -> bool:
        """Whether all cells are ohmic."""
        return self.selector is None and (self._population is None or self._population.ohmic)

    def solve(
        self,
        bias: Bias | Selection,
        *,
        tolerance: float = DEFAULT_TOLERANCE,
        max_iterations: int | None = None,
        start: Solution | None = None,
    ) -> Solution:
        """Solve the network exactly.

        Parameters
        ----------
        bias : Bias
            Terminal voltages, one input or a batch. With a selector that has hysteresis the inputs of a batch are
            applied one after the other.
        tolerance : float
            Linear cells: largest change of any node voltage that another iteration could still make, relative to the
            largest input voltage. Nonlinear cells: of the residual, see `Solution`.
        max_iterations : int, optional
            Of conjugate gradients, for each input. Default 100 + 10 (rows + columns); for nonlinear cells ten times
            that, all Newton steps together.
        start : Solution, optional
            Nonlinear cells: begin at the voltages of this solution (of one input), as a voltage ramp does.

        Returns
        -------
        Solution

        Raises
        ------
        ParameterError
            Wrong shapes, a missing gate voltage, lines without a path to a terminal.
        ConvergenceError
            The tolerance was not reached, or no set of on and off states is consistent; carries residual and
            iterations.
        """
        if not isinstance(bias, (Bias, Selection)):
            raise ParameterError(f"bias must be a Bias (for example Bias.matvec(v)); got {type(bias).__name__}")
        bias = bias.sized(*self.shape)
        limits = self._limits(tolerance, max_iterations)
        if bias.gate is not None and not (self.selector is not None and self.selector.gated):
            raise ParameterError(f"bias: there is a gate voltage, but the selector ({self.selector!r}) has no gate")
        return self._solve_linear(bias, limits) if self.linear else self._solve_nonlinear(bias, limits, start)

    def ramp(self, bias: Bias | Selection, factors, **options) -> list[Solution]:
        """Solve for a bias times each of a list of factors, each from the solution before it (and its on-states).

        Parameters
        ----------
        bias : Bias
            One input.
        factors : array_like
            For example ``numpy.linspace(0, 1, 50)``, and back.
        **options
            As in `solve`.
        """
        bias = bias.sized(*self.shape)
        found: list[Solution] = []
        for factor in _check.array("factors", factors, ndim=1):
            start = found[-1] if found and not self.linear else None
            found.append(self.solve(bias.scaled(float(factor)), start=start, **options))
        return found

    def transfer(self, *, tolerance: float = DEFAULT_TOLERANCE) -> np.ndarray:
        """Exact effective conductance [S] of the array with its wires, shape (columns, rows).

        ``transfer() @ v`` is the column current for any input ``v``; without wires it is the transposed conductance.
        Only for linear cells.
        """
        if not self.linear:
            raise ParameterError(
                "transfer: the cells are not linear, so that no matrix gives their currents; use solve"
            )
        return self.solve(Bias.matvec(np.eye(self.shape[0])), tolerance=tolerance).column_current

    def write(
        self,
        bias: Bias | Selection,
        pulse,
        *,
        repeat: int = 1,
        crosstalk: ThermalCrosstalk | None = None,
        temperature: float | None = None,
        tolerance: float = DEFAULT_TOLERANCE,
    ) -> writing.WriteReport:
        """Send a pulse through the array: every device of the population gets what the circuit gives it.

        Parameters
        ----------
        bias : Bias
            Terminal voltages at the pulse's peak, one input.
        pulse : Pulse
            Its shape over time; its own height does not matter.
        repeat : int
            Number of equal pulses; the circuit is solved anew for each.
        crosstalk : ThermalCrosstalk, optional
            Lets heated cells warm the others for the time of the pulse.
        temperature : float [K], optional
            Of the surroundings; the cell's ambient by default.
        tolerance : float
            As in `solve`.

        Returns
        -------
        WriteReport
            Of the last pulse.

        Raises
        ------
        ParameterError
            Cells without pulses (given conductances, statistical cells), currents beyond the on-state's validity.
        ConvergenceError
            No set of on and off states is consistent.

        Notes
        -----
        See `crossbar.writing` for what is assumed. Selectors with hysteresis are off again after a pulse.
        """
        if not callable(getattr(self._population, "apply", None)):
            raise ParameterError("write: cells must be a population of physical cells; these take no pulses")
        bias = bias.sized(*self.shape)
        if bias.batch is not None:
            raise ParameterError(f"bias: a pulse is one input; got a batch of {bias.batch}")
        if not callable(getattr(pulse, "shaped", None)):
            raise ParameterError(f"pulse must be a Pulse; got {pulse!r}")
        repeat = _check.integer("repeat", repeat, 1)
        limits = self._limits(tolerance, None)
        ((ends, drive, gate),) = self._inputs(bias)
        for _ in range(repeat):
            cells = writing.SwitchingDevices(self._population, self.selector, gate, self.on)
            solution = self._solution(bias, [states.solve(cells, ends, drive, limits, None)])
            report = writing.send(self._population, solution, cells.on[0], pulse, crosstalk, temperature)
        if self.on is not None:
            self.on = np.zeros(self.shape, dtype=bool)
        return report

    def noise(
        self,
        bias: Bias | Selection,
        relative_std=0.0,
        *,
        bandwidth: float = 0.0,
        temperature: float = 300.0,
        fano: float = 0.0,
        tolerance: float = DEFAULT_TOLERANCE,
    ) -> noise.Noise:
        """Noise of every column current, and where it comes from, without sampling.

        Parameters
        ----------
        bias : Bias
            One input.
        relative_std : float or array_like
            Relative standard deviation of each device's current at its own voltage: a number or shape
            (rows, columns). A selector in series lets only a part of it through.
        bandwidth : float [Hz]
            Of the thermal and shot noise of the cells; zero leaves these out.
        temperature : float [K]
            Of the thermal noise.
        fano : float
            Part of shot noise: 0, thermal noise of the slope (ohmic conductors longer than their scattering length);
            1, full shot noise (tunnel and diode currents).
        tolerance : float
            As in `solve`.

        Returns
        -------
        Noise
            ``std`` [A] of each column current (what an array made of it holds), ``share`` of each cell.

        Notes
        -----
        First order in the noise. Cost: one linear solve a bit line.

        Examples
        --------
        Two equal cells of one bit line, each with 1 %, no wires: 1 % / sqrt(2) of the current.

        >>> xbar = Crossbar([[1e-6], [1e-6]])
        >>> noise = xbar.noise(Bias.matvec([0.2, 0.2]), 0.01)
        >>> round(float(noise.std[0] / 0.4e-6), 5), noise.share[:, 0].tolist()
        (0.00707, [0.5, 0.5])
        """
        bandwidth = _check.number("bandwidth", bandwidth, "Hz", 0.0)
        return self._noise(
            bias, noise.checked("relative_std", relative_std, self.shape), bandwidth, temperature, fano, tolerance
        )

    def noise_density(
        self,
        bias: Bias | Selection,
        relative_density=0.0,
        *,
        temperature: float = 300.0,
        fano: float = 0.0,
        tolerance: float = DEFAULT_TOLERANCE,
    ) -> noise.Noise:
        """Spectral density of every column current's noise at one frequency, thermal and shot noise included.

        Parameters
        ----------
        bias : Bias
            One input.
        relative_density : float or array_like [1/Hz]
            One-sided density S_I / I^2 of each device's current at that frequency, a number or shape
            (rows, columns); for 1/f noise (see the statistical cells) Q_s^2 / f.
        temperature, fano, tolerance
            As in `noise`.

        Returns
        -------
        Noise
            ``variance`` [A2/Hz] and ``std`` [A/sqrt(Hz)] of each column current, ``share`` of each cell.
        """
        relative = np.sqrt(noise.checked("relative_density", relative_density, self.shape))
        return self._noise(bias, relative, 1.0, temperature, fano, tolerance)

    def sensitivity(self, bias: Bias | Selection, column: int, *, tolerance: float = DEFAULT_TOLERANCE) -> np.ndarray:
        """Answer of one column current to each device: dI_column / d ln(device current) [A], shape (rows, columns)."""
        column = _check.integer("column", column, 0, self.shape[1] - 1)
        solution, gain, limits = self._operating_point(bias, tolerance)
        net, drives, _ = noise.adjoint(solution.bias, self._resistances, solution.slope, [column])
        if not drives:
            raise ParameterError(f"column: the bottom end of bit line {column} is open, no current is sensed there")
        found = linear.solve(net, drives, *limits).fields
        return (found.column_voltage - found.row_voltage) * gain * solution.cell_current

    def _noise(self, bias, relative, bandwidth: float, temperature, fano, tolerance) -> noise.Noise:
        temperature = _check.number("temperature", temperature, "K", 0.0, low_open=True)
        fano = _check.number("fano", fano, "", 0.0, 1.0)
        solution, gain, limits = self._operating_point(bias, tolerance)
        variance = noise.cell_variance(solution, gain, relative, temperature, fano, bandwidth)
        return noise.propagate(solution.bias, self._resistances, solution.slope, variance, limits)

    def _operating_point(self, bias, tolerance):
        """Solution of one input, its cells' gain for the devices' noise, and limits for the linear solves on it."""
        solution = self.solve(bias, tolerance=tolerance)
        if solution.bias.batch is not None:
            raise ParameterError(f"bias: noise is that of one input; got a batch of {solution.bias.batch}")
        gain = np.ones(self.shape) if self.linear else self._cells(solution.bias.gate).gain(solution._fields)
        return solution, gain, self._limits(tolerance, None)

    def _limits(self, tolerance, max_iterations) -> tuple[float, int]:
        if max_iterations is None:
            max_iterations = (100 + 10 * sum(self.shape)) * (1 if self.linear else 10)
        tolerance = _check.number("tolerance", tolerance, "", 1e-14, 1e-2)
        return tolerance, _check.integer("max_iterations", max_iterations, 1)

    def _network(self, ends) -> linear.Network:
        """The linear network, eliminated; the last one is kept, as many biases leave the same ends open."""
        key = b"".join(part.tobytes() for part in ends)
        if self._eliminated is None or self._eliminated[0] != key or self._population is not None:
            conductance = self.conductance
            refuse_islands(lambda: conductance > 0.0, ends)
            self._eliminated = key, linear.network(conductance, ends)
        return self._eliminated[1]

    def _solve_linear(self, bias: Bias, limits) -> Solution:
        groups = joined(bias, self._resistances)
        nets = [self._network(ends) for ends, _, _ in groups]
        results = [linear.solve(net, drives, *limits) for net, (_, _, drives) in zip(nets, groups, strict=True)]

        def fields(k: int) -> newton.Fields:
            g = next(g for g, (_, inputs, _) in enumerate(groups) if k in inputs)
            n = groups[g][1].index(k)
            found = results[g].fields or linear.solve(nets[g], [groups[g][2][n]], *limits).fields
            across = found.row_voltage - found.column_voltage
            conductance = nets[g].conductance
            return newton.Fields(*found, conductance * across, conductance, np.zeros_like(across))

        currents = results[0][:4]
        if len(groups) > 1:
            order = np.argsort([k for _, inputs, _ in groups for k in inputs])
            currents = (np.concatenate(part, axis=1)[:, order] for part in zip(*(r[:4] for r in results), strict=True))
        return Solution(bias, currents, max(r.residual for r in results), max(r.iterations for r in results), fields)

    def _solve_nonlinear(self, bias: Bias, limits, start: Solution | None) -> Solution:
        inputs = self._inputs(bias)
        # what cannot be computed again later, because devices or on-states will have moved on, is kept
        keep = len(inputs) == 1 or self.on is not None or self._population is not None

        def one(k: int, keep: bool) -> newton.Found:
            found = self._one_input(*inputs[k], limits, start)
            return found if keep else found._replace(fields=None)

        tasks = [functools.partial(one, k, keep) for k in range(len(inputs))]
        found = together(tasks) if self.on is None else [task() for task in tasks]
        return self._solution(bias, found, lambda k: found[k].fields if keep else one(k, True).fields)

    def _solution(self, bias: Bias, found: list[newton.Found], fields=None) -> Solution:
        currents = linear.Currents(*(np.stack(part, axis=1) for part in zip(*(f.currents for f in found), strict=True)))
        return Solution(
            bias,
            currents,
            max(f.residual for f in found),
            max(f.iterations for f in found),
            fields or (lambda k: found[k].fields),
            found[0].history if len(found) == 1 else None,
        )

    def _inputs(self, bias: Bias):
        """Ends, drive and gates of each input, in order."""
        out = {}
        for ends, inputs, drives in joined(bias, self._resistances):
            for k, drive in zip(inputs, drives, strict=True):
                gate = bias.gate
                if gate is not None:
                    gate = np.ascontiguousarray(gate if gate.ndim == 1 else gate[:, k])
                out[k] = ends, drive, gate
        return [out[k] for k in sorted(out)]

    def _one_input(self, ends, drive, gate, limits, start: Solution | None) -> newton.Found:
        cells = self._cells(gate)
        found = states.solve(cells, ends, drive, limits, start)
        if cells.on is not None:
            self.on = cells.on[0]
        return found

    def _cells(self, gate):
        on = None if self.on is None else self.on[None].copy()
        if self._population is None or self._population.ohmic:
            return Selected(self.conductance, self.selector, gate, on)
        if self.selector is None:
            return Devices(self._population)
        return SelectedDevices(self._population, self.selector, gate, on)

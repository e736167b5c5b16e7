"""The crossbar: cells, wires, and the solution of Kirchhoff's laws between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.protocol import Look, are_devices, is_look
from pcmphys.crossbar import checks
from pcmphys.crossbar.analysis import noise, writing
from pcmphys.crossbar.analysis.thermal import ThermalCrosstalk
from pcmphys.crossbar.bias import Bias, Selection
from pcmphys.crossbar.problem import DEFAULT_TOLERANCE, LinearProblem, NonlinearProblem
from pcmphys.crossbar.selectors import Selector
from pcmphys.crossbar.solution import Solution, checked_start
from pcmphys.crossbar.solver import linear, states
from pcmphys.crossbar.solver.ends import refuse_islands
from pcmphys.crossbar.wires import Wires
from pcmphys.errors import ParameterError
from pcmphys.numerics import check

if TYPE_CHECKING:
    from pcmphys.programming.pulse import Pulse


class Crossbar:
    """Cells at the crossings of word lines and bit lines, with wire resistance.

    Row i is word line i, driven at its left end through one wire segment; column j is bit line j, sensed at its
    bottom end through one segment to virtual ground. The right and top ends are open unless a bias drives them.

    Parameters
    ----------
    cells : array_like [S], population or look
        Conductances of shape (rows, columns), zero (open) or more; a population of that shape, whose I-V curve at the
        time of each `solve` is used (ohmic for statistical cells); or a look at one (``devices.now(310.0)``), which
        stands still.
    wires : Wires, optional
        Wire resistance; none by default.
    selector : Selector, optional
        In series with every device: `Diode`, `Exponential`, `Transistor`, `OTS`, or a class of your own.

    Notes
    -----
    A crossbar does not change when it is solved. States of selectors with hysteresis are an argument (``on``, all off
    by default) and a result (`Solution.on`); so is `Solution.switched` of devices. ``start`` and `ramp` carry both on.

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

    def __init__(self, cells: Any, wires: Wires | None = None, selector: Selector | None = None):
        checks.kinds(wires, selector)
        self._wires = Wires() if wires is None else wires
        self._selector = selector
        self._population = cells if are_devices(cells) else None
        self._look = cells if self._population is None and is_look(cells) else None
        if self._population is not None or self._look is not None:
            self._shape = checks.array_shape(cells.shape)
        else:
            self._conductance = checks.conductances(cells)
            self._shape = self._conductance.shape
        self._resistances = self.wires.per_line(*self.shape)
        self._eliminated = None

    def __repr__(self) -> str:
        rows, columns = self.shape
        selector = "" if self.selector is None else f", {self.selector}"
        return f"Crossbar({rows} x {columns}, {self.wires}{selector})"

    def __setattr__(self, name: str, value: object) -> None:
        # a change of wires or states from outside would go unnoticed
        if not name.startswith("_"):
            hint = "; states go to solve(bias, on=...) and come back as solution.on" if name == "on" else ""
            raise ParameterError(f"{name}: a Crossbar is not changed, make another one{hint}")
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        # the eliminated network is twice the size of the cells, and quickly made again
        return self.__dict__ | {"_eliminated": None}

    @property
    def shape(self) -> tuple[int, int]:
        """(word lines, bit lines)."""
        return self._shape

    @property
    def wires(self) -> Wires:
        """Wire resistance."""
        return self._wires

    @property
    def selector(self) -> Selector | None:
        """In series with every device."""
        return self._selector

    @property
    def population(self) -> Any:
        """The population at the crossings; None for given conductances or a look."""
        return self._population

    @property
    def conductance(self) -> np.ndarray:
        """Conductance of the devices [S], without selector: as given, or that of the population now."""
        look = self.look()
        now = (self._conductance if look is None else look.conductance).view()
        now.flags.writeable = False
        return now

    def look(self, temperature: float | None = None) -> Look | None:
        """The devices at the crossings as they are now, evaluated once; None for given conductances."""
        return self._look if self._population is None else self._population.now(temperature)

    def _now(self, look: Look | None) -> np.ndarray:
        # for kernels, to which a read-only array is one of another type: they would all be compiled once more
        return self._conductance if look is None else look.conductance.copy()

    @property
    def ohmic(self) -> bool:
        """Whether all devices are ohmic, whatever is in series with them."""
        return all(devices is None or devices.ohmic for devices in (self._look, self._population))

    @property
    def linear(self) -> bool:
        """Whether all cells are ohmic."""
        return self.selector is None and self.ohmic

    def solve(
        self,
        bias: Bias | Selection,
        *,
        start: Solution | None = None,
        on: ArrayLike | None = None,
        tolerance: float = DEFAULT_TOLERANCE,
        max_iterations: int | None = None,
    ) -> Solution:
        """Solve the network exactly.

        Parameters
        ----------
        bias : Bias
            Terminal voltages, one input or a batch. With a selector that has hysteresis the inputs of a batch are
            applied one after the other, each to the states that the one before it has left.
        start : Solution, optional
            Of this array, one input: nonlinear cells begin at its voltages and states, as a voltage ramp does.
        on : array_like of bool, optional
            Selectors with hysteresis: which are on before, shape (rows, columns) or one for all. By default those of
            ``start``, and without it none.
        tolerance : float
            Linear cells: largest change of any node voltage that another iteration could still make, relative to the
            largest input voltage. Nonlinear cells: of the residual, see `Solution`.
        max_iterations : int, optional
            Of conjugate gradients, for each input. Default 100 + 10 (rows + columns); for nonlinear cells ten times
            that, all Newton steps together.

        Returns
        -------
        Solution

        Raises
        ------
        ParameterError
            Wrong shapes, a missing gate voltage, lines without a path to a terminal, states for a selector that has
            none.
        ConvergenceError
            The tolerance was not reached, or no set of on and off states is consistent; carries residual and
            iterations.
        """
        return self._solved(checks.sized(bias, self.shape, self.selector), start, on, tolerance, max_iterations)[0]

    def ramp(
        self, bias: Bias | Selection, factors: ArrayLike, *, start: Solution | None = None, **options: Any
    ) -> list[Solution]:
        """Solve for a bias times each of a list of factors, each from the solution before it (and its on-states).

        Parameters
        ----------
        bias : Bias
            One input.
        factors : array_like
            For example ``numpy.linspace(0, 1, 50)``, and back.
        start : Solution, optional
            Where the first one begins, as in `solve`.
        **options
            As in `solve`; ``on`` counts for the first one.

        Examples
        --------
        A threshold switch up to 2 V and back: at 0.8 V it is off on the way up, on on the way down.

        >>> import pcmphys as pcm
        >>> switch = pcm.OTS(threshold_voltage=1.2, holding_current=5e-6)
        >>> found = Crossbar([[1e-4]], selector=switch).ramp(Bias.matvec([1.0]), [0.8, 2.0, 0.8])
        >>> [bool(solution.on[0, 0]) for solution in found]
        [False, True, True]
        """
        bias = self._one_input(bias, "a ramp goes through one bias")
        found: list[Solution] = []
        for factor in check.array("factors", factors, ndim=1):
            start = self.solve(bias.scaled(float(factor)), start=start, **options)
            options.pop("on", None)
            found.append(start)
        return found

    def transfer(self, *, tolerance: float = DEFAULT_TOLERANCE) -> np.ndarray:
        """Exact effective conductance [S] of the array with its wires, shape (columns, rows).

        ``transfer() @ v`` is the column current for any input ``v``; without wires it is the transposed conductance.
        Only for linear cells.
        """
        if not self.linear:
            raise ParameterError("transfer: the cells are not linear, no matrix gives their currents; use solve")
        return self.solve(Bias.matvec(np.eye(self.shape[0])), tolerance=tolerance).column_current

    def write(
        self,
        bias: Bias | Selection,
        pulse: Pulse,
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
            Of voltage, its shape over time; its own height does not matter.
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
            Cells without pulses (given conductances, statistical cells), a pulse of current, currents beyond the
            on-state's validity.
        ConvergenceError
            No set of on and off states is consistent.

        Notes
        -----
        See `crossbar.writing` for what is assumed. Selectors with hysteresis are off before and after every pulse.
        """
        bias = self._one_input(bias, "a pulse is one input")
        limits = self._limits(tolerance)
        circuit = writing.WrittenArray(self._population, self.selector, self._resistances, limits)
        return writing.write(circuit, bias, pulse, check.integer("repeat", repeat, 1), (crosstalk, temperature))

    def noise(
        self,
        bias: Bias | Selection,
        relative_std: ArrayLike | None = None,
        *,
        bandwidth: float = 0.0,
        temperature: float = 300.0,
        fano: float = 0.0,
        on: ArrayLike | None = None,
        tolerance: float = DEFAULT_TOLERANCE,
    ) -> noise.Noise:
        """Noise of every column current, and where it comes from, without sampling.

        Parameters
        ----------
        bias : Bias
            One input.
        relative_std : float or array_like, optional
            Relative standard deviation of each device's current at its own voltage: a number or shape
            (rows, columns). A selector in series lets a part of it through. Default: that of one usual read now.
        bandwidth : float [Hz]
            Of the thermal and shot noise of the cells; zero leaves these out.
        temperature : float [K]
            Of the thermal noise.
        fano : float
            Part of shot noise: 0, thermal noise of the slope (ohmic conductors longer than their scattering length);
            1, full shot noise (tunnel and diode currents).
        on, tolerance
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
        bandwidth = check.number("bandwidth", bandwidth, "Hz", 0.0)
        relative = noise.checked("relative_std", noise.given_or_read(relative_std, self.look), self.shape)
        return noise.total(self._operating_point(bias, on, tolerance), relative, bandwidth, temperature, fano)

    def noise_density(
        self,
        bias: Bias | Selection,
        relative_density: ArrayLike = 0.0,
        *,
        temperature: float = 300.0,
        fano: float = 0.0,
        on: ArrayLike | None = None,
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
        temperature, fano, on, tolerance
            As in `noise`.

        Returns
        -------
        Noise
            ``variance`` [A2/Hz] and ``std`` [A/sqrt(Hz)] of each column current, ``share`` of each cell.
        """
        relative = np.sqrt(noise.checked("relative_density", relative_density, self.shape))
        return noise.density(self._operating_point(bias, on, tolerance), relative, temperature, fano)

    def sensitivity(
        self, bias: Bias | Selection, column: int, *, on: ArrayLike | None = None, tolerance: float = DEFAULT_TOLERANCE
    ) -> np.ndarray:
        """Answer of one column current to each device: dI_column / d ln(device current) [A], shape (rows, columns)."""
        column = check.integer("column", column, 0, self.shape[1] - 1)
        return noise.sensitivity(self._operating_point(bias, on, tolerance), column)

    def _operating_point(self, bias, on, tolerance) -> noise.OperatingPoint:
        bias = self._one_input(bias, "noise is that of one input")
        solution, gain = self._solved(bias, None, on, tolerance, None)
        return noise.OperatingPoint(solution, gain(), self._resistances, self._limits(tolerance))

    def _one_input(self, bias, why: str) -> Bias:
        return checks.one_input(bias, self.shape, self.selector, why)

    def _limits(self, tolerance, max_iterations=None) -> tuple[float, int]:
        return checks.limits(tolerance, max_iterations, self.shape, self.linear)

    def _network(self, ends) -> linear.Network:
        """The linear network, eliminated; the last one is kept, as many biases leave the same ends open."""
        key = b"".join(part.tobytes() for part in ends)
        if self._eliminated is None or self._eliminated[0] != key or self._population is not None:
            conductance = self._now(self.look())
            refuse_islands(lambda: conductance > 0.0, ends)
            self._eliminated = key, linear.network(conductance, ends)
        return self._eliminated[1]

    def _solved(self, bias: Bias, start, on, tolerance, max_iterations):
        """The solution, and a function that gives the cells' gain for the devices' noise."""
        limits = self._limits(tolerance, max_iterations)
        begin, before = checked_start(start, self.shape), states.before(self.selector, on, start, self.shape)
        look = self.look()
        if self.linear:
            network = self._network if self._population is None else None
            problem = LinearProblem(self._now(look), self._resistances, bias, limits, network)
        else:
            devices = self._now(look) if look is None or look.ohmic else look
            where = limits, begin, before, None if start is None else start.switched
            problem = NonlinearProblem(devices, self.selector, self._resistances, bias, *where)
        solved, nodes = problem.solve()
        return Solution(bias, solved, nodes), lambda: problem.gain(next(nodes.each())[1])

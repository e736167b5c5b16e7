"""Fit of measured trains of pulses up and down: an update law, and a cell that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import Estimate, Goodness
from pcmphys.fit.updates.build import check_name, filled, read_and_pulse, table_numbers, technology_of
from pcmphys.fit.updates.doubts import UpdateReads, doubts
from pcmphys.fit.updates.fading import incremental_set
from pcmphys.fit.updates.given import UpdateSteps, split, steps_of
from pcmphys.fit.updates.lines import StepLine, line_through, spread_of
from pcmphys.fit.updates.result import FittedCell, UpdateFit
from pcmphys.fit.updates.tables import first_pulse, tabulated
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LAWS = ("linear", "soft_bounds", "jump_table", "incremental_set")
_BINS = 40
_SAME, _SURE = 1e-6, 2.0
"""Share of a step over the window that counts as no change, and standard errors of one that is no chance."""
_FURTHEST = 20.0
"""Ranges of the data by which a soft bound may lie outside of them before it says nothing."""


class Span(NamedTuple):
    """The window [S]."""

    low: float
    high: float


def updates(
    pulse: ArrayLike,
    conductance: ArrayLike,
    direction: ArrayLike,
    *,
    law: str = "linear",
    read_error: float = 0.0,
    name: str = "measured-updates",
    source: str = "",
) -> FittedCell:
    """Fit what pulses up and down change, and make a cell of it that can be trained.

    Parameters
    ----------
    pulse : (reads,) array of whole numbers
        Pulses sent before each read, increasing. Only reads with one pulse between them make a step.
    conductance : (reads,) or (reads, devices) array [S]
    direction : int or (reads,) array
        Of the pulse before each read: +1 or -1; what stands at the first read does not matter. With +1 alone the cell
        is one that can only be pulsed up, and a RESET takes it to the least conductance seen.
    law : {"linear", "soft_bounds", "jump_table", "incremental_set"}
        Steps along a straight line within the range of the data; steps that vanish at bounds, which may lie outside of
        it; mean and std of the steps in bins, with quantiles where there are two hundred a bin; or steps up that also
        depend on the pulses since the first read, by `pulse_train`.
    read_error : float [S]
        Std of a read; two of them enter each step, and are taken off its noise. One that is more than the steps scatter
        by is noted, one of twice that refused.
    name : str
        Of the cell: small letters, digits, dashes.
    source : str
        Whose data they are, in any words.

    Returns
    -------
    FittedCell
        A `PulsedCell`; its ``fit`` has errors, summary and figure.

    Raises
    ------
    ParameterError
        Shapes that do not go together, conductances above 0.1 S (another unit) or below zero, fewer than eight steps of
        a direction, pulses that do not go their way on average or by no more than noise does, a read error that the
        steps do not have, soft bounds of steps that do not shrink towards them.

    Notes
    -----
    Errors are those of independent steps about a straight line. Read errors also enter the conductance before the
    pulse and pull slopes down by their share of its variance; that is not corrected. The spread over devices of the
    size of their steps is that of their factors on the common line, with what noise makes of it taken off; the slope of
    that line is more that of devices with large steps. A jump table, as the lines, knows the conductance alone; where
    the first pulses of trains that go up alone make other steps than later ones from the same conductance, a note of
    the fit says by how much ("incremental_set" has a memory of the pulses). Bounds are those of all data; their spread
    over devices is not fitted. Weights run from -1 to 1 over the window (0 to 1 for one that goes up alone).

    Examples
    --------
    A device made of one law is found again:

    >>> import pcmphys as pcm
    >>> known = pcm.load_cell("ecram-tang2018")
    >>> devices = known.population(50, seed=1)
    >>> reads = [devices.read()]
    >>> for direction in [1] * 300 + [-1] * 300:
    ...     devices.pulse(direction)
    ...     reads.append(devices.read())
    >>> dev = pcm.fit.updates(range(601), reads, [1] * 301 + [-1] * 300)
    >>> middle = 0.5 * (dev.conductance_minimum + dev.conductance_maximum)
    >>> bool(abs(dev.steps(middle)[0] / known.steps(middle)[0] - 1.0) < 0.05)
    True
    >>> print(dev.fit["step_up"])
    4.766e-08 +- ... S

    Measured: weak SET pulses (1 V, 1 us) on RRAM, one on each of 780 cells, before and after. A step is 4 % of the
    window on average, with a spread three times as large:

    >>> table = np.loadtxt("data/stanford-rram/set_steps.csv", delimiter=",", skiprows=1)  # doctest: +SKIP
    >>> dev = pcm.fit.updates([0, 1], table[:, :2].T, +1, law="jump_table")  # doctest: +SKIP
    >>> print(dev.fit["step_up"], dev.fit["noise_up"])  # doctest: +SKIP
    6.7e-06 +- 1.6e-06 S 1.856e-05 +- 0.047e-05 S
    """
    law = check.choice("law", law, LAWS)
    read_error = check.number("read_error", read_error, "S", 0.0)
    check_name(name)
    numbers, reads, towards = train = UpdateReads(*steps_of(pulse, conductance, direction))
    up, down = split(numbers, reads, towards)
    title = f"updates by pulses, {law.replace('_', ' ')}"
    doubted = doubts(train, read_error)
    if law == "incremental_set":
        return incremental_set(train, read_error, doubted, (name, title, source))
    found = _Fitted(up, down, Span(max(float(reads.min()), 0.0), float(reads.max())), read_error)
    if law == "soft_bounds":
        found = found.to_soft_bounds()
    given, notes = found.numbers(law)
    notes = doubted + notes
    words = f"{title}; data of {source}" if source else title
    parameters, technology = filled(technology_of(name, title, given | read_and_pulse(), words, tuple(notes)))
    lines = found.lines
    goodness = Goodness(
        sum(part.before.size for part in (up, down) if part is not None), 2 * len(lines),
        sum(line.residual for line in lines),
    )  # fmt: skip
    estimates, covariance = found.estimates()
    fit = UpdateFit(
        title=title, estimates=estimates, covariance=covariance, goodness=goodness, notes=tuple(notes),
        pulse=numbers, conductance=reads, direction=towards, parameters=parameters,
    )  # fmt: skip
    return FittedCell(parameters, technology, fit)


class _Fitted:
    """Lines through the steps, and the numbers that follow."""

    def __init__(self, up: UpdateSteps, down: UpdateSteps | None, span: Span, read_error: float):
        self.up, self.down, self.span, self.read_error = up, down, span, read_error
        self.middle = 0.5 * (span.low + span.high)
        both = [part for part in (up, down) if part is not None]
        self.lines: list[StepLine] = [line_through(part, self.middle, read_error) for part in both]
        self.gain_spread = spread_of(self.lines)

    @property
    def half(self) -> float:
        """Half of the window [S]."""
        return 0.5 * (self.span.high - self.span.low)

    def to_soft_bounds(self) -> _Fitted:
        """The same in the window between the conductances where the steps vanish."""
        if self.down is None:
            raise ParameterError("law soft_bounds needs pulses up and down; those given go up alone")
        ends = []
        for name, line, sign in zip(("up", "down"), self.lines, (1.0, -1.0), strict=True):
            if not sign * line.slope < 0.0 or line.size > _FURTHEST * 2.0 * self.half * abs(line.slope):
                raise ParameterError(
                    f"law soft_bounds needs steps that vanish at a bound; those {name} change by {line.slope:.3g} of "
                    "the conductance: law='linear' or law='jump_table' ask for less"
                )
            ends.append(self.middle - line.size / line.slope)
        if not 0.0 <= ends[1] < ends[0]:
            raise ParameterError(
                f"law soft_bounds needs bounds that do not cross, from 0 S on; those found are {ends[1]:.3g} and "
                f"{ends[0]:.3g} S"
            )
        return _Fitted(self.up, self.down, Span(ends[1], ends[0]), self.read_error)

    def numbers(self, law: str) -> tuple[dict[str, Any], list[str]]:
        """Parameters of the cell by dotted key, and notes on them."""
        one_sided = self.down is None
        unit = 2.0 * self.half if one_sided else self.half
        zero = self.span.low if one_sided else self.middle
        given: dict[str, Any] = {
            "window.conductance_minimum": self.span.low,
            "window.conductance_maximum": self.span.high,
            "window.weight_minimum": (0.0 if one_sided else -1.0, "by choice"),
            "window.weight_maximum": (1.0, "by choice"),
            "pulse.gain_spread": self.gain_spread,
        }
        if one_sided:
            given |= {"pulse.one_sided": (1.0, "no pulse down in the data"), "reset.weight": (0.0, "the least seen")}
        if law == "jump_table":
            del given["pulse.gain_spread"]  # steps of all devices are in the table already
            tables = [tabulated(part, _BINS, self.read_error) for part in (self.up, self.down) if part is not None]
            rows = table_numbers(tables[0], None if one_sided else tables[1], unit, zero)
            return given | rows, first_pulse(self.up, tables[0]) if one_sided else []
        return self._of_lines(given, law, unit, zero)

    def _of_lines(self, given: dict[str, Any], law: str, unit: float, zero: float) -> tuple[dict[str, Any], list[str]]:
        notes = []
        sizes = [line.size + line.slope * (zero - self.middle) for line in self.lines]
        if min(sizes) <= 0.0:
            raise ParameterError(
                f"law {law} needs steps that go their way at {zero:.3g} S, the weight of zero; the lines give "
                f"{', '.join(f'{size:.3g}' for size in sizes)} S: law='jump_table' asks for less"
            )
        up, down = sizes if len(sizes) == 2 else (sizes[0], sizes[0])
        given["pulse.imbalance"] = 1.0 - down / up if up >= down else up / down - 1.0
        given[f"{law}.step"] = max(up, down) / unit
        given[f"{law}.constant_noise"] = float(np.mean([n.noise / s for n, s in zip(self.lines, sizes, strict=True)]))
        if law == "linear":
            for name, line, size, sign in zip(("up", "down"), self.lines, sizes, (-1.0, 1.0), strict=False):
                decrease = sign * line.slope * unit / size
                error = float(np.sqrt(line.covariance[1, 1])) * unit / size
                if decrease < -max(_SAME, _SURE * error):
                    notes.append(f"steps {name} grow towards the bound; the linear law has them constant")
                if decrease > 1.0 + _SAME:
                    notes.append(
                        f"steps {name} vanish at {self.middle - line.size / line.slope:.3g} S, within the data; the "
                        "linear law has them vanish at the bound"
                    )
                given[f"linear.decrease_{name}"] = min(max(decrease, 0.0), 1.0)
            given.setdefault("linear.decrease_down", (0.0, "no pulse down in the data"))
        return given, notes

    def estimates(self) -> tuple[tuple[Estimate, ...], np.ndarray]:
        """What was found, with errors, and the covariance."""
        found, blocks = [], []
        for name, line in zip(("up", "down"), self.lines, strict=False):
            errors = np.sqrt(np.diag(line.covariance))
            count = max(line.residual / line.noise**2 if line.noise > 0.0 else np.inf, 2.0)
            found += [
                Estimate(f"step_{name}", line.size, float(errors[0]), "S"),
                Estimate(f"slope_{name}", line.slope, float(errors[1]), "1"),
                Estimate(f"noise_{name}", line.noise, line.noise / np.sqrt(2.0 * count), "S"),
            ]
            blocks += [line.covariance, np.array([[found[-1].error ** 2]])]
        rest = [
            Estimate("gain_spread", self.gain_spread, np.nan),
            Estimate("low", self.span.low, np.nan, "S"),
            Estimate("high", self.span.high, np.nan, "S"),
        ]
        from scipy.linalg import block_diag

        whole = block_diag(*blocks, np.full((3, 3), np.nan))
        return (*found, *rest), whole

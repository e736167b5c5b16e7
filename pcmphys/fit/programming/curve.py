"""Fit of a programming curve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.noise import Scatter
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.result import Estimate
from pcmphys.fit.engine.search import differentiated, free_names
from pcmphys.fit.engine.solve import Fitted, fitted
from pcmphys.fit.engine.words import value_and_error
from pcmphys.fit.programming.ends import held_at_zero, lost_with_the_top, with_held, without
from pcmphys.fit.programming.errors import FEW, clustered
from pcmphys.fit.programming.given import of_table
from pcmphys.fit.programming.input import CurveReads, conductances, curve_reads
from pcmphys.fit.programming.levels import Branches, LevelReads, branches, levels
from pcmphys.fit.programming.narrow import widest, with_open_width
from pcmphys.fit.programming.ramp import curve_law
from pcmphys.fit.programming.result import ProgrammingCurve
from pcmphys.fit.readers.tables import Table
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LEAST = 7
_FINEST = 0.1
"""Least width and spread of a branch, in steps between levels: less does not show."""
_COARSE = 0.5
"""Spread, in steps between levels, from which it shows."""
_ONSETS = {"melting_width": "melting", "set_width": "set"}
_QUANTITY = {"A": "current", "V": "voltage"}


def programming_curve(
    amplitude: ArrayLike | Table,
    conductance: ArrayLike | None = None,
    *,
    resistance: ArrayLike | None = None,
    device: ArrayLike | None = None,
    unit: str = "A",
    missing: str = "refuse",
) -> ProgrammingCurve:
    r"""Fit conductance (or resistance) after a pulse against its amplitude: where devices crystallize, where they melt.

    Parameters
    ----------
    amplitude : (levels,) or (reads,) array, or Table
        Of the pulse [A, or V with ``unit="V"``], not negative, in any order. A table of a file (`read_table`) holds
        ``amplitude`` (or ``current``, ``voltage``), ``conductance`` or ``resistance``, and perhaps ``device``.
    conductance : (levels,), (levels, devices) or (reads,) array
        After the pulse [S]. A column is a device, or one device a level and column: both are allowed, because errors
        are found from whole columns.
    resistance : array, optional
        The same as resistances [ohm], in the place of ``conductance``.
    device : (reads,) array of numbers or names, optional
        Of reads given one a row: whose each is. Default: each read is of another device.
    unit : {"A", "V"}
        Of the amplitudes.
    missing : {"refuse", "skip"}
        Of NaN and masked reads.

    Returns
    -------
    ProgrammingCurve

    Raises
    ------
    ParameterError
        Shapes that do not fit, negative amplitudes, missing reads, fewer than seven levels, fewer levels than numbers
        to be found (five for a RESET branch or a SET branch, nine for both).

    Notes
    -----
    A branch is fitted where the means of the levels fall from their largest (RESET) or rise to it (SET) by five
    standard errors and by 5 % of it; where one does not, the result says so, and gives no onset. The law of the mean
    conductance is

    .. math:: G(x) = [G_0 (1 - U_S) + G_S U_S] (1 - U_M) + G_R U_M

    with U the share of the contact that is crystallized (S) or molten (M), which rises in proportion to x from the
    onset to where the whole contact is, smoothed by a normal spread from device to device: see
    `pcmphys.fit.programming.ramp`, where it is derived from the heat and the melt front of the package's own cell.
    ``melting_current`` is the onset of the mean device, where the mean melt first reaches the contact and G begins to
    fall; ``full_reset_current`` is where the whole contact is under melt, beyond which R only grows with the dome.
    ``melting_middle`` lies between the two, ``set_middle`` likewise.
    ``window`` is the width of the U of R(x) between its two half-way points. A curve that ends on its way down (begins
    on its way up) does not show the conductance of RESET (of the start): it is then held at 0 S, which the result says.

    Least squares of the levels' means with equal weight of each read: this is a law of paths in parallel, so that it
    is one of G. It describes curves to about a percent of their swing and says nothing of how R grows with the dome:
    for conductances at the bottom use ``minimum`` (and the table of levels), which is read off; ``reset_conductance``
    may lie below zero by its error. ``minimum`` and ``maximum`` are the levels of least and largest mean: of few reads
    a level the largest is a little too large.

    Errors are by leaving out device by device (a jackknife, to first order), so that they hold for devices that differ;
    with fewer than ten devices the usual ones for independent reads are added to them, with one read a level they are
    alone. A spread of less than half a step between levels does not show, and errors may be too small: a note says so.
    A ramp and a spread of 0.29 of its width look alike where levels are few or noisy: where the fit prefers no width,
    the errors of onset, width and end are those of the largest width that the levels allow (`narrow`); errors of
    the middle stay small.

    Not modelled: devices that are never SET or stuck, a spread that is not normal, drift between pulse and read, a
    voltage that drops in series, dependence on what a device was before (give pulses to devices in the same state).

    References
    ----------
    G. W. Burr et al., J. Vac. Sci. Technol. B 28, 223 (2010), sec. on programming: the U of R against current. A. C.
    Cameron, D. L. Miller, J. Human Resources 50, 317 (2015), eq. 20: errors.

    Examples
    --------
    >>> current = np.linspace(100e-6, 500e-6, 21)
    >>> rng = np.random.default_rng(0)
    >>> closed = np.clip((current - 200e-6) / 150e-6, 0.0, 1.0)
    >>> read = 30e-6 * (1.0 - closed)[:, None] + rng.normal(0.0, 1e-6, (21, 50))
    >>> found = programming_curve(current, read)
    >>> print(found["melting_current"])
    2.0015e-04 +- 0.0067e-04 A
    """
    if isinstance(amplitude, Table):
        given = {"conductance": conductance, "resistance": resistance, "device": device}
        columns, source = of_table(amplitude, given, ("device",))
        if "amplitude" not in columns:
            raise ParameterError(f"the table has no amplitude of the pulses [A or V]; it has {', '.join(amplitude)}")
        return programming_curve(**columns, missing=missing).with_source(source)
    what = _QUANTITY[check.choice("unit", unit, _QUANTITY)]
    reads = curve_reads(amplitude, conductances(conductance, resistance, missing), device, unit)
    table = levels(reads, _LEAST, what)
    seen = branches(table, reads)
    if not (seen.rises or seen.falls):
        return _flat(reads, table, unit)
    parameters = _parameters(table, seen, what, unit)
    free = sum(not one.tied for one in parameters[0])
    if table.mean.size <= free:
        raise ParameterError(
            f"{table.mean.size} levels are too few for the {free} numbers of "
            f"{'both branches' if seen.rises and seen.falls else 'a branch'}; measure more, or give those of one branch"
        )
    found, held = _best(table, seen, what, parameters)
    lost = lost_with_the_top(table, _values(found), seen, what)
    estimates, covariance = _with_errors(found, parameters[0], reads, table)
    open_ = _open_widths(found, what, lambda one: _fit(table, seen, what, one), with_held(parameters[0], held))
    estimates, covariance = without(*with_open_width(estimates, covariance, open_), lost)
    estimates, covariance = _with_read_off(estimates, covariance, table, reads)
    return ProgrammingCurve(
        title=_title(reads, table, what),
        estimates=estimates,
        covariance=covariance,
        goodness=found.goodness,
        undetermined=(*found.undetermined, *held.values(), *set(lost.values()), *_open(table, seen, what, unit)),
        notes=_notes(found, reads, seen, what),
        unit=unit,
        reads=reads,
        levels=table,
        branches=seen,
    )


def _best(
    table: LevelReads, seen: Branches, what: str, parameters: list[list[Parameter]]
) -> tuple[Fitted, dict[str, str]]:
    """The better of the fits from several starts; with conductances that the curve does not come to held at 0."""
    found = _from_starts(table, seen, what, parameters)
    held = held_at_zero(table, _values(found), seen, what)
    if held:
        found = _from_starts(table, seen, what, [with_held(one, held) for one in parameters])
    return found, held


def _from_starts(table: LevelReads, seen: Branches, what: str, parameters: list[list[Parameter]]) -> Fitted:
    """The first fit that is as good as the scatter, or the best of all."""
    found = []
    for one in parameters:
        found.append(_fit(table, seen, what, one))
        if found[-1].goodness.known and found[-1].goodness.reduced < 1.0:
            break
    return min(found, key=lambda one: one.goodness.chi2)


def _open_widths(found: Fitted, what: str, fit: Callable, parameters: list[Parameter]) -> dict:
    """Largest width of each branch whose best width is none, by the names of its onset, end, width and spread."""
    values = _values(found)
    # from where the fit ended, so that the search is short
    near = [one if one.fixed or one.tied else replace(one, start=values[one.name]) for one in parameters]

    def again(name: str, width: float) -> Fitted:
        return fit([replace(one, start=width, fixed=True) if one.name == name else one for one in near])

    result = {}
    for name in _narrow(found):
        kind, spread = _ONSETS[name], f"{_ONSETS[name]}_spread"
        full = "full_reset" if kind == "melting" else "full_set"
        names = f"{kind}_{what}", f"{full}_{what}", name, spread
        result[names] = widest(found, name, values[spread], again)
    return result


def _narrow(found: Fitted) -> list[str]:
    """Widths that ended at the least that shows."""
    return [one.name for one in found.estimates if one.bound == "low" and one.name in _ONSETS]


def _values(found: Fitted) -> dict[str, float]:
    return {one.name: one.value for one in found.estimates}


def _title(reads: CurveReads, table: LevelReads, what: str) -> str:
    devices = f", {np.unique(reads.device).size} devices" if reads.told else ""
    return f"programming curve: {reads.conductance.size} reads at {table.mean.size} {what}s{devices}"


def _parameters(table: LevelReads, seen: Branches, what: str, unit: str) -> list[list[Parameter]]:
    """Two sets of starts: devices alike, and devices that differ much."""
    step = float(np.median(np.diff(table.amplitude)))
    span = float(np.ptp(table.amplitude))
    high = float(table.mean[seen.top])
    result = []
    for wide in (1.0, 0.1):
        chosen = [Parameter("set_conductance", high, unit="S")]
        if seen.falls:
            chosen += _branch(table, seen.top, ("melting", "reset"), (wide, step, span), (what, unit))
        if seen.rises:
            chosen += _branch(table, seen.top, ("set", "start"), (wide, step, span), (what, unit))
        if seen.rises and seen.falls:
            middle = f"(melting_{what} + melting_width / 2) - (set_{what} + set_width / 2)"
            chosen.append(Parameter("window", 0.0, unit=unit, tied=middle))
        result.append(chosen)
    return result


def _branch(table: LevelReads, top: int, names: tuple[str, str], size, of) -> list[Parameter]:
    """Parameters of a branch, started from where the means cross a tenth and nine tenths of it."""
    kind, floor = names
    wide, step, span = size
    what, unit = of
    part = slice(top, None) if kind == "melting" else slice(0, top + 1)
    x, mean = table.amplitude[part], table.mean[part]
    low = float(mean.min())
    shares = (mean - low) / (mean[0 if kind == "melting" else -1] - low)
    closed = 1.0 - shares if kind == "melting" else shares
    first, half, last = (float(x[int(np.argmax(closed >= one))]) for one in (0.1, 0.5, 0.9))
    ramp = max(1.25 * (last - first), 2.0 * step)
    full = "full_reset" if kind == "melting" else "full_set"
    return [
        Parameter(f"{kind}_{what}", half - 0.5 * wide * ramp, half - 4.0 * span, half + 4.0 * span, unit),
        Parameter(f"{kind}_width", wide * ramp, _FINEST * step, 8.0 * span + ramp, unit),
        Parameter(f"{kind}_spread", 0.4 * ramp if wide < 1.0 else 0.1 * ramp, _FINEST * step, 4.0 * span + ramp, unit),
        Parameter(f"{full}_{what}", half, unit=unit, tied=f"{kind}_{what} + {kind}_width"),
        Parameter(f"{kind}_middle", half, unit=unit, tied=f"{kind}_{what} + {kind}_width / 2"),
        Parameter(f"{floor}_conductance", low, unit="S"),
    ]


def _fit(table: LevelReads, seen: Branches, what: str, parameters: list[Parameter]) -> Fitted:
    root = np.sqrt(table.count)
    error = table.scatter
    scatter = Scatter(error / root if error > 0 else None, "linear")
    weight = 1.0 if scatter.known else root

    def residual(values: dict[str, float]) -> np.ndarray:
        return weight * (table.mean - curve_law(table.amplitude, values, seen.rises, seen.falls, what))

    return fitted(residual, parameters, scatter, "programming curve")


def _with_errors(found: Fitted, parameters: list[Parameter], reads: CurveReads, table: LevelReads):
    """Estimates with errors that hold device by device."""
    devices = np.unique(reads.device).size
    best = found.solution.parameters
    names = free_names(best)
    if (table.dof == 0 and not reads.told) or not names or not np.isfinite(found.covariance).any():
        return found.estimates, found.covariance
    root = np.sqrt(table.count) / (table.scatter if found.goodness.known else 1.0)
    known = table.scatter if found.goodness.known else 1.0
    slopes = found.problem.jacobian(best) * known
    slopes = slopes / np.sqrt(table.count)[:, None]  # of what a single read is off the law
    off = reads.conductance - (table.mean - found.residual / root)[table.place]
    slopes = slopes[table.place]
    held = clustered(slopes * off[:, None], reads.device, lambda i, j: slopes[:, i] * slopes[:, j])
    turn = differentiated(lambda p: np.array([p[one.name].value for one in parameters]), best)
    covariance = turn @ held @ turn.T
    if devices < FEW:
        covariance = covariance + np.nan_to_num(found.covariance, posinf=0.0)
    covariance = np.where(np.isfinite(found.covariance), covariance, found.covariance)
    return _restated(found.estimates, covariance), covariance


def _restated(estimates: tuple[Estimate, ...], covariance: np.ndarray) -> tuple[Estimate, ...]:
    errors = np.sqrt(np.diag(covariance))
    return tuple(
        Estimate(one.name, one.value, float(error), one.unit, one.role, one.bound, one.low, one.high)
        for one, error in zip(estimates, errors)
    )


def _with_read_off(estimates, covariance, table: LevelReads, reads: CurveReads):
    """Least and largest conductance, as read: with an error where a level has several reads."""
    more = []
    for name, place in (("minimum", int(np.argmin(table.mean))), ("maximum", int(np.argmax(table.mean)))):
        error = float(table.std[place] / np.sqrt(table.count[place]))
        more.append(Estimate(name, float(table.mean[place]), error, "S", "read off"))
    whole = np.full((len(estimates) + 2, len(estimates) + 2), np.nan)
    whole[: len(estimates), : len(estimates)] = covariance
    for k, one in enumerate(more):
        whole[len(estimates) + k, len(estimates) + k] = one.error**2
    return (*estimates, *more), whole


def _open(table: LevelReads, seen: Branches, what: str, unit: str) -> tuple[str, ...]:
    """What the curve does not show, in words."""
    if seen.falls:
        return ()
    last = value_and_error(float(table.amplitude[-1]), np.nan)[0]
    return (
        f"melting_{what}: the conductance falls nowhere up to {last} {unit}; if these devices melt, they do beyond",
    )


def _notes(found: Fitted, reads: CurveReads, seen: Branches, what: str) -> tuple[str, ...]:
    narrow = _narrow(found)
    notes = [words for words in found.notes if not words.startswith(tuple(f"{name} ended" for name in narrow))]
    for name in narrow:
        kind = _ONSETS[name]
        notes.append(
            f"{name} is as small as levels can show, and may be as large as its error: {kind}_{what} is then where the "
            f"mean device changes, its error half of that width; only the middle of the branch is known well"
        )
    if seen.falls and not seen.rises:
        notes.append("no SET branch: the conductance rises nowhere before it falls (the devices were SET before)")
    step = float(np.median(np.diff(np.unique(reads.amplitude))))
    for one in found.estimates:
        if one.name.endswith("_spread") and one.value < _COARSE * step:
            notes.append(
                f"{one.name} is less than half a step between levels, which does not show: the onset is only as good "
                "as levels are fine, and errors of both may be too small"
            )
    devices = np.unique(reads.device).size
    if reads.told and devices < FEW:
        notes.append(f"{devices} devices only: errors of independent reads are added to those from device to device")
    good = found.goodness
    if good.known and good.dof > 0 and good.reduced > 4.0:
        notes.append(
            f"the means of the levels are off the law by {np.sqrt(good.reduced):.2g} standard errors: it does not "
            f"describe this curve within its scatter; the onset is that of the law that comes nearest"
        )
    return tuple(notes)


def _flat(reads: CurveReads, table: LevelReads, unit: str) -> ProgrammingCurve:
    """A curve that neither rises nor falls: one conductance, and no onset."""
    from pcmphys.fit.engine.result import Goodness

    what = _QUANTITY[unit]
    mean = float(reads.conductance.mean())
    own = np.bincount(reads.device, reads.conductance) / np.maximum(np.bincount(reads.device), 1)
    own = own[np.unique(reads.device)]
    error = float(own.std(ddof=1) / np.sqrt(own.size)) if own.size > 1 else np.nan
    estimates: tuple[Estimate, ...] = (
        Estimate("set_conductance", mean, error, "S"),
        Estimate(f"melting_{what}", np.nan, np.inf, unit),
    )
    estimates, covariance = _with_read_off(estimates, np.diag([error**2, np.inf]), table, reads)
    rest = reads.conductance - mean
    words = f"set_{what}: the conductance rises nowhere either"
    return ProgrammingCurve(
        title=_title(reads, table, what),
        estimates=estimates,
        covariance=covariance,
        goodness=Goodness(rest.size, 1, float(rest @ rest)),
        undetermined=(*_open(table, Branches(0, False, False), what, unit), words),
        notes=("the conductance does not depend on the amplitude beyond its scatter: there is no branch to fit",),
        unit=unit,
        reads=reads,
        levels=table,
        branches=Branches(int(np.argmax(table.mean)), False, False),
    )

"""Current against voltage: from sweeps to the numbers of conduction, threshold and on-state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import Estimate
from pcmphys.fit.iv.branches import LEFT_OUT, LIMITED, OFF, ON, SweepParts, branches
from pcmphys.fit.iv.given import given_sweeps
from pcmphys.fit.iv.input import Sweep, Sweeps, sweeps_of
from pcmphys.fit.iv.laws import FitLaw, law_of
from pcmphys.fit.iv.model import OffModel
from pcmphys.fit.iv.noise import LEAST_RELATIVE, fitted_currents
from pcmphys.fit.iv.onstate import line, on_state
from pcmphys.fit.iv.options import IvOptions
from pcmphys.fit.iv.result import IvFit, IvSweep, thickness_of
from pcmphys.fit.iv.threshold import Part, Switching, thresholds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pcmphys.fit.readers.tables import Table

_LEAST = 4
"""Points of the off-state."""
_LEAST_PAIRS = 12
_TOGETHER = 4.0
"""Standard errors of the correlation of neighbours from which it is told."""
_LOPSIDED = 0.1
"""Relative error of a length from which it is lopsided."""
_APART = 1.0
"""Kelvins by which temperatures differ."""


def iv(
    voltage: ArrayLike | Table,
    current: ArrayLike | None = None,
    *,
    temperature: ArrayLike | None = None,
    thickness: ArrayLike | None = None,
    hop_distance: float | None = None,
    law: str | FitLaw = "poole",
    options: IvOptions | None = None,
) -> IvFit:
    r"""Fit I-V sweeps of amorphous cells: conduction below threshold, the threshold, and the on-state behind it.

    Parameters
    ----------
    voltage, current : (points,) or (sweeps, points) array, or list of (points,) arrays
        [V] and [A] in the order of measurement, upwards, downwards, or up and down. Voltage may be that of the source
        or that across the cell (it then snaps back). Sweeps of both polarities are taken apart. Or, alone, a table of
        a file (`read_table`), with columns ``voltage``, ``current`` and, as far as it has them, ``temperature``,
        ``device``, ``sweep`` and ``thickness``.
    temperature : float or (sweeps,) array, optional
        Of each sweep [K]; one a point where it was measured. Default: 300 K, and the result says so.
    thickness : float or (sweeps,) array, optional
        Amorphous thickness [m], where it is known: then the hop distance is found.
    hop_distance : float, optional
        Distance between traps [m], where it is known: then the thickness is found.
    law : {"poole", "poole-frenkel", "ohmic"} or FitLaw
        Of conduction below threshold; one of your own is a subclass of `FitLaw`.
    options : IvOptions, optional
        Instrument (relative error, floor, compliance), circuit (series resistance, offsets), devices, points.

    Returns
    -------
    IvFit

    Raises
    ------
    ParameterError
        Shapes that do not fit, numbers that are not of their unit, constant or short series, temperatures in degrees
        Celsius, a sweep that turns more than once, currents against their voltage or below the floor without a policy,
        a limit of the tester that was not told, fewer than four points below threshold.

    Notes
    -----
    Below threshold, with the layer's voltage V' behind the series resistance,

    .. math:: I = G(T) V_s f(V' / V_s) + G_p V' + I_0, \quad V' = V - V_0 - R_s (I - I_0),
              \quad G(T) = G e^{-E_a / k (1/T - 1/T_0)}

    with f and V_s of the law (`PooleLaw`, `PooleFrenkelLaw`, `OhmicLaw`). Residuals are those of ln I where a current
    is far above the instrument's floor and of I / floor far below it, so that both parts of a current's error,
    floor^2 + (relative I)^2, count at each point. **One I-V tells the ratio of thickness and hop distance, never
    both**; one of them must come from elsewhere. The laws by name are those of a plane layer; a mushroom's dome crowds
    its current at the heater (`PooleDomeLaw`). G, and the thickness if it is asked for, are of one device in one
    state; energy, hop distance, resistance and offsets are common to all.

    A cell switches where the current jumps by more than ``jump`` beyond its trend and stays, or where the voltage
    snaps back; the threshold lies in the middle of that step, with the step over the root of twelve as its error.
    Several are fitted by :math:`(V_0 + F u) e^{-c (T - T_0)}` as far as thicknesses and temperatures differ; what they
    scatter beyond their steps is found and goes into the errors. The on-state's V = V_h + (R_on + R_s) I is a line
    through each sweep's points beyond the threshold, both coordinates with errors. What comes back after the on-state
    is another state of the cell and is left out.

    In 1000 repeats of synthetic sweeps (3 temperatures, 40 points, 2 % and a floor) intervals of one and two standard
    errors of all parameters covered the truth within 3 points of 68 % and 95 %.

    Not modelled: errors of the voltage below threshold; 1/f noise and telegraph noise, which make neighbouring points
    err together; a dome whose thickness differs over its rim (its thin places carry the current: in six rough domes of
    the 90 nm cell the thickness found was half of the mean; the result then says that the law does not hold);
    self-heating below threshold; a hop distance that changes with temperature (fit each temperature by itself to see
    it); drift during the sweep.

    References
    ----------
    D. Ielmini, Y. Zhang, J. Appl. Phys. 102, 054517 (2007): law and extraction of thickness from the slope of ln I.
    B. Rajendran et al., VLSI Technology (2008): V = A + B I of the on-state. D. M. Rocke, S. Lorenzato, Technometrics
    37, 176 (1995): errors of two components.

    Examples
    --------
    Five hops, 1 uS, measured to 1 %:

    >>> volts = np.linspace(0.05, 1.0, 20)
    >>> exact = 1e-6 * 0.2585 * np.sinh(volts / 0.2585)
    >>> reads = exact * (1.0 + 0.01 * np.random.default_rng(1).standard_normal(20))
    >>> found = iv(volts, reads, temperature=300.0, hop_distance=5e-9)
    >>> print(found["thickness"])
    2.5053e-08 +- 0.0035e-08 m
    >>> print(iv(volts, reads, temperature=300.0)["hops"])
    5.0106 +- 0.0070
    """
    options = options or IvOptions()
    if not isinstance(options, IvOptions):
        raise ParameterError(f"options must be of pcmphys.fit.IvOptions; got a {type(options).__name__}")
    given = given_sweeps(voltage, current, temperature, thickness)
    if given.device is not None and options.device is None:
        options = replace(options, device=given.device)
    found = sweeps_of(given.voltage, given.current, given.temperature, given.thickness, options)
    parts = [branches(one, options) for one in found.sweeps]
    return _fitted(found, parts, law_of(law, hop_distance), options).with_source(given.source)


def _fitted(data: Sweeps, parts: list[SweepParts], law: FitLaw, options: IvOptions) -> IvFit:
    used, words = _used(data.sweeps, parts, options)
    model = _model(data, used, law, options)
    current = _joined([one.current for one in data.sweeps], used)
    off, relative = fitted_currents(
        model.current, current, model.parameters(current), (options.relative_error, options.floor), options.loss
    )
    values = {one.name: one.value for one in off.estimates}
    series, offset = _circuit(off.estimates, options), values.get("voltage_offset", 0.0)
    switching = _switching(data, parts, off.estimates, model, (series[0], offset))
    at_threshold = thresholds(switching, model.reference)
    lines = [
        line(one.voltage[part.on] - one.polarity * offset, one.current[part.on], options, part.by_current)
        for one, part in zip(data.sweeps, parts, strict=True)
        if part.on.any()
    ]
    on = on_state(lines, series, series[1] > 0.0 or series[0] > 0.0)
    behind = [Part(off.estimates, off.covariance), at_threshold, on]
    sweeps = _taken_apart(data.sweeps, parts, used, model.current(values), off.residual / (off.scale or 1.0))
    told = [*_of_law(model, off.estimates), *_together(sweeps)]
    if options.floor is not None and options.relative_error is None and relative <= LEAST_RELATIVE:
        told.append("the floor alone explains the scatter: the currents' relative error is too small to be told")
    notes = (*data.notes, *words, *off.notes, *told, *at_threshold.notes, *on.notes, *_ends(parts))
    return IvFit(
        title=_title(data, law),
        estimates=tuple(one for part in behind for one in part.estimates),
        covariance=_blocks([part.covariance for part in behind]),
        goodness=off.goodness,
        undetermined=off.undetermined + _open(model),
        notes=notes,
        law=law.name,
        reference_temperature=model.reference,
        relative_error=relative,
        devices=data.devices,
        sweeps=sweeps,
        series=series[0],
        model=model,
        fitted=off,
    )


def _used(sweeps: tuple[Sweep, ...], parts: list[SweepParts], options: IvOptions) -> tuple[list[np.ndarray], list[str]]:
    """Which points the law is fitted to, and what was left out, in words."""
    used, zeros, dropped, beyond = [], 0, 0, 0
    for one, part in zip(sweeps, parts, strict=True):
        mine = part.off.copy()
        if options.largest_voltage is not None:
            high = mine & (one.voltage > options.largest_voltage)
            mine, beyond = mine & ~high, beyond + int(high.sum())
        if options.below != "keep":
            still = mine & (one.voltage == 0.0)
            mine, zeros = mine & ~still, zeros + int(still.sum())
            small = mine & (one.current <= (options.floor or 0.0))
            if small.any() and options.below == "refuse":
                raise ParameterError(_too_small(one, small, options))
            mine, dropped = mine & ~small, dropped + int(small.sum())
        used.append(mine)
    count = sum(int(one.sum()) for one in used)
    if count < _LEAST:
        switched = sum(part.last_off >= 0 or part.on.any() for part in parts)
        beyond_it = f" ({switched} of {len(parts)} sweeps are beyond their threshold)" if switched else ""
        raise ParameterError(
            f"{count} points are left below threshold{beyond_it}; the law needs at least {_LEAST}: begin the sweeps at "
            "lower voltages"
        )
    words = []
    limited = sum(int(part.limited.sum()) for part in parts)
    for number, why in (
        (zeros, "at no voltage"),
        (dropped, "with currents below the floor, which biases what is left upwards"),
        (beyond, "of the off-state above largest_voltage"),
        (limited, "at the tester's limit"),
        (
            _back(parts, limited),
            "in the snapback, below least_on_current, or after the on-state when the cell may be another,",
        ),
    ):
        if number:
            words.append(f"{number} points {why} are left out")
    return used, words


def _back(parts: list[SweepParts], limited: int) -> int:
    return sum(int((~(part.off | part.on)).sum()) for part in parts) - limited


def _too_small(one: Sweep, small: np.ndarray, options: IvOptions) -> str:
    k = int(np.argmax(small))
    value, volts = one.polarity * one.current[k], one.polarity * one.voltage[k]
    what = "against its voltage" if one.current[k] < 0.0 else "none" if one.current[k] == 0.0 else "below the floor"
    floor = "" if options.floor is None else f" (floor {options.floor:g} A)"
    return (
        f"sweep {one.given}: a current is {what}: {value:.4g} A at {volts:.4g} V{floor}; {int(small.sum())} such "
        "points. IvOptions: floor=... and below='keep' take the instrument's noise [A] as their error, below='drop' "
        "leaves them out, free='current_offset' fits an offset"
    )


def _joined(columns: list[np.ndarray], used: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([column[mine] for column, mine in zip(columns, used, strict=True)])


def _model(data: Sweeps, used: list[np.ndarray], law: FitLaw, options: IvOptions) -> OffModel:
    number = {name: k for k, name in enumerate(data.devices)}
    each = [(one.temperature, one.thickness, one.polarity, number[one.device]) for one in data.sweeps]
    columns = [np.concatenate([np.full(mine.sum(), row[k]) for row, mine in zip(each, used)]) for k in range(4)]
    kelvin, device = columns[0], columns[3].astype(int)
    bare = [name for k, name in enumerate(data.devices) if not (device == k).any()]
    if bare:
        raise ParameterError(f"device {bare[0]!r} has no points below threshold")
    middle = float(1.0 / np.mean(1.0 / np.unique(kelvin)))
    spans = [np.ptp(kelvin[device == k]) > _APART for k in range(len(data.devices))]
    if law.by_thickness and law.material is None and not np.isfinite(columns[1]).all():
        raise ParameterError(f"the law {law.name!r} needs the thickness, or its {law.material_name}: give one of them")
    return OffModel(
        law,
        options,
        _joined([one.voltage for one in data.sweeps], used),
        kelvin,
        columns[1],
        columns[2],
        device,
        data.devices,
        round(middle) if np.ptp(kelvin) > _APART else middle,
        any(spans),
    )


def _circuit(estimates: tuple[Estimate, ...], options: IvOptions) -> tuple[float, float]:
    """Resistance in series and its error [ohm], as far as it is known or determined."""
    for one in estimates:
        if one.name == "series_resistance":
            return (one.value, one.error) if np.isfinite(one.error) else (0.0, 0.0)
    return options.series_resistance, 0.0


def _switching(
    data: Sweeps,
    parts: list[SweepParts],
    estimates: tuple[Estimate, ...],
    model: OffModel,
    circuit: tuple[float, float],
) -> Switching:
    """Thresholds over the cell: what falls over the series resistance just before, and the offset, taken off."""
    rows = []
    for one, part in zip(data.sweeps, parts, strict=True):
        if part.last_off < 0:
            continue
        number = data.devices.index(one.device)
        thick, error = one.thickness, 0.0
        if not np.isfinite(thick):
            thick, error = thickness_of(estimates, model.named("thickness", number))
        cell = part.threshold - circuit[0] * one.current[part.last_off] - one.polarity * circuit[1]
        rows.append((cell, part.threshold_error, one.temperature, thick, error, number))
    columns = np.array(rows, dtype=float).reshape(-1, 6).T
    return Switching(*columns)


def _taken_apart(sweeps, parts: list[SweepParts], used: list[np.ndarray], fit: np.ndarray, residual: np.ndarray):
    """The sweeps as a user sees them."""
    found, place = [], 0
    for one, part, mine in zip(sweeps, parts, used, strict=True):
        branch = np.full(one.voltage.size, LEFT_OUT, dtype=object)
        branch[part.on], branch[part.limited], branch[mine] = ON, LIMITED, OFF
        columns = np.full((2, one.voltage.size), np.nan)
        stop = place + int(mine.sum())
        columns[0, mine], columns[1, mine] = one.polarity * fit[place:stop], residual[place:stop]
        place = stop
        found.append(
            IvSweep(
                one.given, one.device, one.temperature, one.thickness, one.polarity * one.voltage,
                one.polarity * one.current, branch.astype(str), columns[0], columns[1], one.polarity * part.threshold,
                part.threshold_error, (one.polarity * part.hold[0], one.polarity * part.hold[1]),
            )
        )  # fmt: skip
    return tuple(found)


def _open(model: OffModel) -> tuple[str, ...]:
    """What no I-V can tell."""
    if model.asked != "ratio":
        return ()
    law = model.law
    return (
        f"thickness and {law.material_name} each by itself: an I-V shows only their "
        f"{'ratio' if law.ratio_name == 'hops' else 'product'}, {law.ratio_name}; give one of them",
    )


def _of_law(model: OffModel, estimates: tuple[Estimate, ...]) -> list[str]:
    """What a bound of the law's own parameter means, and temperatures that tell nothing."""
    names = {model.law.ratio_name, model.law.material_name, "thickness"}
    notes = []
    names |= {f"{name}_{k + 1}" for name in names for k in range(len(model.labels))}
    ended = [one for one in estimates if one.bound and one.name in names]
    if ended:
        notes.append(
            f"{ended[0].name} is not determined: the current bends too little or too much for the law "
            f"{model.law.name!r} at these voltages; where it is proportional to them use law='ohmic'"
        )
    loose = [
        one.name
        for one in estimates
        if one.name in names and not one.bound and _LOPSIDED * one.value < one.error < np.inf
    ]
    if loose:
        notes.append(
            f"the current hardly bends at these voltages: the error of {loose[0]} is lopsided, "
            f".interval({loose[0]!r}) tells how far it may be"
        )
    if np.ptp(model.temperature) > _APART and model.activated:
        notes.append(f"conductances are those at {model.reference:g} K")
    if np.ptp(model.temperature) > _APART and not model.activated:
        notes.append(
            "each device has one temperature only: no activation energy can be told, conductances are as found"
        )
    return notes


def _ends(parts: list[SweepParts]) -> list[str]:
    """Where on-states were seen to end."""
    last = np.array([part.hold for part in parts if np.isfinite(part.hold[0])])
    if not len(last):
        return []
    volts, amperes = (" to ".join(dict.fromkeys(f"{one:.4g}" for one in (c.min(), c.max()))) for c in last.T)
    return [f"the on-state ends below {volts} V and {amperes} A, the last point before"]


def _together(sweeps: tuple[IvSweep, ...]) -> list[str]:
    """Whether neighbouring residuals go together: then something is not as the law has it."""
    pairs, squares, count = 0.0, 0.0, 0
    for one in sweeps:
        rest = one.residual[np.isfinite(one.residual)]
        pairs += float((rest[1:] * rest[:-1]).sum())
        squares, count = squares + float((rest * rest).sum()), count + max(rest.size - 1, 0)
    if count < _LEAST_PAIRS or squares == 0.0:
        return []
    share = pairs / squares
    if share * np.sqrt(count) < _TOGETHER:
        return []
    return [
        f"neighbouring residuals go together (correlation {share:.2f}): the law does not hold over these voltages and "
        "temperatures, or noise is slow; the errors are too small. Look at the residuals of .plot(), try another law, "
        "largest_voltage, or a free resistance or offset"
    ]


def _blocks(blocks: list[np.ndarray]) -> np.ndarray:
    from scipy.linalg import block_diag

    return np.asarray(block_diag(*[one for one in blocks if one.size]))


def _title(data: Sweeps, law: FitLaw) -> str:
    kelvin = np.unique(np.round([one.temperature for one in data.sweeps], 1)).size
    devices = f" of {len(data.devices)} devices" if len(data.devices) > 1 else ""
    count = len(data.sweeps)
    return (
        f"I-V: {count} sweep{'s' if count > 1 else ''}{devices} at {kelvin} temperature{'s' if kelvin > 1 else ''}, "
        f"law of {law.name}"
    )

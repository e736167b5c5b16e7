"""The way back: noise models of other programs, and tables of measured conductances, as statistical cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells import StatisticalCell
from pcmphys.cells.statistical.laws import StatisticalParameters
from pcmphys.errors import ParameterError
from pcmphys.export.imported_moment import CLIPPED, COEFFICIENTS, FAR, constant, fitted_moment
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn
from pcmphys.parameters import Quantity, Technology, fill
from pcmphys.physics import flicker

_MICRO = 1e-6
_USUAL = {
    "read_duration": (250e-9, "s", "usual; not in the source"),
    "read_voltage": (0.2, "V", "usual; not in the source, and the moments do not depend on it"),
    "temperature": (300.0, "K", "room temperature; not in the source"),
    "trap_fastest": (5e-9, "s", "numerical range of the 32 traps"),
    "trap_slowest": (3e10, "s", "numerical range of the 32 traps"),
    "reference_time": (20.0, "s", "usual; not in the source"),
}
_LEAST_DEVICES = 10
_LEAST_GRID = 1e-3
_OWN_DRIFT = {"mean": (-0.0155, 0.0244, 0.049, 0.1), "spread": (-0.0125, -0.0059, 0.008, 0.045)}
_OWN_PROGRAMMING = (0.26348, 1.9650, -1.1731)
_OWN_MAXIMUM = 25.0
_OWN_NOISE = (0.0088, -0.65, 0.2)
"""What aihwkit 1.1's `PCMLikeNoiseModel` takes without arguments; conductances in uS."""


def from_aihwkit(model: Any, *, source: str, name: str = "aihwkit-import") -> StatisticalCell:
    """A statistical cell with the constants of an aihwkit noise model.

    Parameters
    ----------
    model : noise model or dict
        A ``PCMLikeNoiseModel``, ``CustomDriftPCMLikeNoiseModel`` or ``StateIndependentNoiseModel``, or a dict with
        their attributes: g_max, prog_coeff [uS], t_0, t_read [s], prog_noise_scale, read_noise_scale, drift_scale,
        custom_drift_model, drift_nu_mean, drift_nu_std. What is missing is aihwkit's own default.
    source : str
        Where the constants come from, in any words; every number carries it.
    name : str
        Of the cell: small letters, digits, dashes.

    Returns
    -------
    StatisticalCell
        Its numbers have the kind ``user``; what the model does not say is ``assumed``.

    Raises
    ------
    ParameterError
        An attribute that no such model has, missing lists of drift, more coefficients than a cell takes, text where a
        number should be.

    Notes
    -----
    Lists of drift are piecewise linear in aihwkit; here they become the law that fits best, a clipped logarithm or a
    cubic, with a `ValidityWarning` where it is more than 5 % off. Read noise belongs to the programmed conductance in
    aihwkit, here to the target.

    Examples
    --------
    >>> cell = from_aihwkit({"g_max": 30.0, "t_0": 27.36}, source="aihwkit's defaults on 30 uS")
    >>> cell.reference_time, cell.technology.quantities["reference_time"].kind
    (27.36, 'user')
    """
    given = _constants(model)
    top = check.number("g_max", given.pop("g_max", _OWN_MAXIMUM), "uS", 0.0, low_open=True)
    own = {key: given.pop(key) for key in ("drift_nu_mean", "drift_nu_std") if key in given}
    lists = given.pop("custom_drift_model", None)
    scale = {
        key: check.number(key, given.pop(key, 1.0), "", 0.0)
        for key in ("prog_noise_scale", "read_noise_scale", "drift_scale")
    }
    coefficients = given.pop("prog_coeff", None)
    coefficients = [c * top / _OWN_MAXIMUM for c in _OWN_PROGRAMMING] if coefficients is None else coefficients
    values: dict[str, Any] = {
        "conductance_maximum": top / 1e6,
        "programming_error": tuple(c * _MICRO * scale["prog_noise_scale"] for c in _coefficients(coefficients)),
    }
    for key, their in (("reference_time", "t_0"), ("read_duration", "t_read")):
        if their in given:
            values[key] = check.number(their, given.pop(their), "s", 0.0, low_open=True)
    factor, power, cap = _OWN_NOISE
    if own:
        drift = [
            check.number(key, own.get(key, usual), "", 0.0)
            for key, usual in (("drift_nu_mean", 0.1), ("drift_nu_std", 0.05))
        ]
        values |= _table("drift_exponent_mean", constant(drift[0] * scale["drift_scale"]))
        values |= _table("drift_exponent_spread", constant(drift[1] * scale["drift_scale"]))
        values |= _table("read_noise", constant(scale["read_noise_scale"] / top))
    else:
        values |= _drift_of(lists, top, scale["drift_scale"])
        noise = {"power_factor": factor * scale["read_noise_scale"], "power_exponent": power}
        noise |= {"log_slope": 0.0, "offset": 0.0, "low": 0.0, "high": cap * scale["read_noise_scale"]}
        values |= _table("read_noise", noise)
    if given:
        known = (
            "g_max, prog_coeff, t_0, t_read, prog_noise_scale, read_noise_scale, drift_scale, custom_drift_model, "
            "drift_nu_mean, drift_nu_std"
        )
        first = sorted(given)[0]
        raise ParameterError(f"model: {first!r} is no constant of a noise model; known are {known}"
                             f"{check.suggest(first, known.split(', '))}")  # fmt: skip
    return _cell(name, "aihwkit noise model", source, values)


def from_crosssim(
    coefficients: ArrayLike,
    conductance_maximum: float,
    *,
    source: str,
    name: str = "crosssim-import",
) -> StatisticalCell:
    """A statistical cell with the programming error of a CrossSim device: a polynomial of the conductance.

    Parameters
    ----------
    coefficients : array_like [uS]
        Standard deviation of the conductance [uS] as a polynomial of the conductance [uS], highest power first, as
        CrossSim's ``PCMJoshi`` has it: A G^2 + B G + C. At most four.
    conductance_maximum : float [S]
        Largest programmable conductance, 1 / Rmin.
    source : str
        Where the numbers come from, in any words.
    name : str
        Of the cell: small letters, digits, dashes.

    Returns
    -------
    StatisticalCell
        Without drift and without read noise, which the polynomial does not tell; both are ``assumed`` zeros.

    Examples
    --------
    CrossSim's own numbers for the 90 nm cell:

    >>> cell = from_crosssim([-0.00178767, 0.07585724, 0.28638599], 25e-6, source="CrossSim 3.2, PCMJoshi")
    >>> round(1e6 * float(cell.moments(25e-6)["programming_error"]), 3)
    1.066
    """
    top = check.number("conductance_maximum", conductance_maximum, "S", 0.0, low_open=True)
    ascending = _coefficients(coefficients)[::-1]
    values: dict[str, Any] = {
        "conductance_maximum": top,
        "programming_error": tuple(float(c * _MICRO * (top / _MICRO) ** k) for k, c in enumerate(ascending)),
    }
    silent = {
        key: value
        for moment in ("drift_exponent_mean", "drift_exponent_spread", "read_noise")
        for key, value in _table(moment, constant(0.0)).items()
    }
    return _cell(name, "CrossSim device", source, values, silent)


def from_table(
    target: ArrayLike,
    conductance: ArrayLike,
    time: ArrayLike | None = None,
    *,
    source: str,
    conductance_maximum: float | None = None,
    name: str = "table-import",
) -> StatisticalCell:
    """A statistical cell from a table of conductances: devices programmed to some targets, read once or over time.

    Parameters
    ----------
    target : array_like [S]
        What each device was programmed to, shape (devices,): at least ten of each of two or more targets.
    conductance : array_like [S]
        What was read, shape (devices,) or (devices, times).
    time : array_like [s], optional
        Since programming, ascending, shape (times,); the first is the reference time. Without it: no drift, no noise.
    source : str
        Where the table comes from, in any words.
    conductance_maximum : float [S], optional
        Largest programmable conductance; the largest target by default.
    name : str
        Of the cell: small letters, digits, dashes.

    Returns
    -------
    StatisticalCell

    Raises
    ------
    ParameterError
        Shapes that do not fit, fewer than two targets or ten devices of one, conductances of zero over time.

    Notes
    -----
    Programming error is a polynomial through the targets' spreads; a mean off its target is not kept (a
    `ValidityWarning` from 5 % on). Drift exponents are slopes of ln G over ln t, and the read noise what is left beside
    them, as the 1/f law has it over the times of the table: a lower bound, since a slope takes part of slow noise with
    it. With fewer than three times there is none.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-statistical").population((5, 400), seed=1)
    >>> targets = np.repeat(np.linspace(5e-6, 25e-6, 5), 400).reshape(5, 400)
    >>> report = devices.program(targets)
    >>> cell = from_table(targets.ravel(), devices.read().ravel(), source="wafer 7")
    >>> round(1e6 * float(cell.moments(15e-6)["programming_error"]), 1)
    1.0
    """
    target = check.array("target", target, "S", 0.0, ndim=1)
    conductance = check.array("conductance", conductance, "S", ndim=(1, 2))
    reads = conductance.reshape(conductance.shape[0], -1)
    if reads.shape[0] != target.size:
        raise ParameterError(f"conductance must have {target.size} rows, one for each target; got {reads.shape[0]}")
    when = _table_times(time, reads)
    levels, place, count = np.unique(target, return_inverse=True, return_counts=True)
    if levels.size < 2 or count.min() < _LEAST_DEVICES:
        raise ParameterError(
            f"target must hold at least two targets with at least {_LEAST_DEVICES} devices each; got {levels.size} "
            f"with {count.min()} or more"
        )
    top = levels[-1] if conductance_maximum is None else conductance_maximum
    top = check.number("conductance_maximum", top, "S", float(levels[-1]), low_open=False)
    groups = [reads[place == k] for k in range(levels.size)]
    level = levels / top
    spread = np.array([one[:, 0].std(ddof=1) for one in groups])
    _say_biased(levels, np.array([one[:, 0].mean() for one in groups]))
    degree = min(COEFFICIENTS - 1, levels.size - 1)
    values: dict[str, Any] = {
        "conductance_maximum": float(top),
        "programming_error": tuple(np.polynomial.polynomial.polyfit(level, spread, degree).tolist()),
    }
    silent: dict[str, float] = {}
    if when is None:
        for moment in ("drift_exponent_mean", "drift_exponent_spread", "read_noise"):
            silent |= _table(moment, constant(0.0))
    else:
        mean, std, noise = np.array([_drift(one, when) for one in groups]).T
        values |= {"reference_time": float(when[0])}
        values |= _table("drift_exponent_mean", fitted_moment("mean drift exponent", level, mean))
        values |= _table("drift_exponent_spread", fitted_moment("spread of the drift exponent", level, std))
        if when.size > 2:
            values |= _table("read_noise", fitted_moment("read noise", level, noise))
        else:
            silent |= _table("read_noise", constant(0.0))
    return _cell(name, "table of conductances", source, values, silent)


def _constants(model: Any) -> dict[str, Any]:
    if isinstance(model, Mapping):
        given = dict(model)
    elif hasattr(model, "prog_coeff"):
        given = dict(vars(model))
    else:
        raise ParameterError(
            f"model must be an aihwkit noise model, or a dict of its constants; got {type(model).__name__}"
        )
    for inner in ("g_converter", "prog_coeff_g_max_reference"):  # what they say is in g_max and in prog_coeff
        given.pop(inner, None)
    return {key: value for key, value in given.items() if value is not None}


def _coefficients(values: ArrayLike) -> list[float]:
    found = check.array("coefficients", values, "uS", ndim=1)
    if not 1 <= found.size <= COEFFICIENTS:
        raise ParameterError(f"coefficients: a cell takes 1 to {COEFFICIENTS} of programming error; got {found.size}")
    return found.tolist()


def _drift_of(lists: Any, top: float, scale: float) -> dict[str, float]:
    """Moments of the drift exponent from aihwkit's lists over conductance [uS], or its own laws."""
    found: dict[str, float] = {}
    if lists is None:
        for kind, numbers in _OWN_DRIFT.items():
            found |= _table(f"drift_exponent_{kind}", dict(zip(CLIPPED, (scale * n for n in numbers), strict=True)))
        return found
    if not isinstance(lists, Mapping) or not {"g_lst", "nu_mean_lst", "nu_std_lst"} <= lists.keys():
        raise ParameterError("custom_drift_model must have g_lst [uS], nu_mean_lst and nu_std_lst")
    g = check.increasing("g_lst", check.array("g_lst", lists["g_lst"], "uS", 0.0, ndim=1), "uS")
    for kind, key in (("mean", "nu_mean_lst"), ("spread", "nu_std_lst")):
        nu = check.array(key, lists[key], "", 0.0, shape=g.shape)
        level = np.linspace(max(g[0] / top, _LEAST_GRID), min(g[-1] / top, 1.0), 200)
        text = f"{kind} drift exponent"
        found |= _table(f"drift_exponent_{kind}", fitted_moment(text, level, scale * np.interp(level * top, g, nu)))
    return found


def _table_times(time: ArrayLike | None, reads: np.ndarray) -> np.ndarray | None:
    if time is None:
        if reads.shape[1] > 1:
            raise ParameterError(f"time is missing: conductance has {reads.shape[1]} reads a device")
        return None
    when = check.increasing("time", check.array("time", time, "s", 0.0, shape=(reads.shape[1],)), "s")
    if when.size < 2 or when[0] == 0.0:
        raise ParameterError("time must hold at least two times above zero")
    if not (reads > 0.0).all():
        raise ParameterError("conductance must be above zero over time; leave out devices that conduct nothing")
    return when


def _drift(reads: np.ndarray, when: np.ndarray) -> tuple[float, float, float]:
    """Mean and spread of the drift exponents of a target's devices, and Q_s from what is left beside the slopes."""
    x = np.log(when / when[0])
    x = x - x.mean()
    y = np.log(reads)
    slope = y @ x / (x @ x)
    left = y - y.mean(axis=1, keepdims=True) - slope[:, None] * x
    free = max(when.size - 2, 1)
    variance = (left**2).sum(axis=1).mean() / free
    # of the 1/f law, what the same straight line leaves of its covariance over these times
    law = _left_of_flicker(when, x)
    return -slope.mean(), slope.std(ddof=1), float(np.sqrt(variance / law)) if law > 0.0 else 0.0


def _left_of_flicker(when: np.ndarray, x: np.ndarray) -> float:
    """Mean square that is left of unit 1/f noise beside a line in ln t, a degree of freedom.

    Its covariance at ages s < t is V(t) - V(t - s + d), see `pcmphys.physics.flicker`.
    """
    duration = _USUAL["read_duration"][0]
    late, early = np.maximum.outer(when, when), np.minimum.outer(when, when)
    variance = flicker.variance(late, duration)
    covariance = np.where(late == early, variance, variance - flicker.variance(late - early + duration, duration))
    basis = np.stack([np.ones_like(x), x])
    keep = np.eye(x.size) - basis.T @ np.linalg.solve(basis @ basis.T, basis)
    return float(np.trace(keep @ covariance @ keep)) / max(x.size - 2, 1)


def _say_biased(levels: np.ndarray, mean: np.ndarray) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.where(levels > 0.0, np.abs(mean / levels - 1.0), 0.0)
    worst = off.argmax()
    if off[worst] > FAR:
        warn(
            f"conductance: devices programmed to {levels[worst]:g} S have {mean[worst]:g} S in the mean; a statistical "
            "cell puts the mean on the target"
        )


def _table(moment: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{moment}.{key}": value for key, value in numbers.items()}


def _cell(
    name: str, kind: str, source: str, values: Mapping[str, Any], silent: Mapping[str, float] | None = None
) -> StatisticalCell:
    """The cell, each number with its source; ``silent`` are zeros that stand for what the source does not tell."""
    if not isinstance(source, str) or not source.strip():
        raise ParameterError("source must say in words where the numbers come from")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ParameterError(f"name must be of small letters, digits and dashes; got {name!r}")
    units = {"conductance_maximum": "S", "programming_error": "S", "reference_time": "s", "read_duration": "s"}
    quantities = {
        key: Quantity(value=value, unit=units.get(key, "1"), kind="user", source=f"{kind}: {source.strip()}")
        for key, value in values.items()
    }
    quantities |= {
        key: Quantity(value=value, unit=unit, kind="assumed", note=note)
        for key, (value, unit, note) in _USUAL.items()
        if key not in quantities
    }
    quantities |= {
        key: Quantity(value=value, unit="1", kind="assumed", note="not in the source: none")
        for key, value in (silent or {}).items()
    }
    technology = Technology(
        name=name,
        model="statistical",
        title=f"Statistical cell imported from: {kind}",
        notes=(f"Numbers of kind user: {source.strip()}",),
        quantities=quantities,
        file=name,
    )
    return StatisticalCell(fill(StatisticalParameters, technology), technology)

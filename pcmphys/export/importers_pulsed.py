"""The way back for devices that are trained in place: NeuroSim's numbers and CrossSim's tables of jumps as cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.laws.jump_table import REACH
from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.parameters.choices import chosen
from pcmphys.parameters.loader import fields_of, fill
from pcmphys.parameters.schema import Quantity, Technology

_USUAL = {
    "read.voltage": (0.2, "usual; not in the source"),
    "read.duration": (1e-7, "usual; not in the source"),
    "pulse.duration": (1e-7, "usual; not in the source"),
}
_TAIL = 0.02
"""Share of the changes beyond either end of a table of distributions, at most."""
_QUANTILES = 41
"""Steps at as many standard normal deviates, of a table of distributions."""


def from_neurosim(
    conductance_minimum: float,
    conductance_maximum: float,
    pulses: tuple[float, float],
    labels: tuple[float, float],
    *,
    noise: float = 0.0,
    source: str,
    name: str = "neurosim-import",
) -> PulsedCell:
    """A cell that is trained in place from the numbers of a NeuroSim device.

    Parameters
    ----------
    conductance_minimum, conductance_maximum : float [S]
        Bounds.
    pulses : tuple of float
        Pulses up and down from bound to bound (``maxNumLevelLTP``, ``maxNumLevelLTD``).
    labels : tuple of float
        Labels of nonlinearity up and down as NeuroSim writes them (``NL_LTP``, ``NL_LTD``), within -10 and 10: the
        second is negative where the first down pulses do most.
    noise : float
        Standard deviation of a step from cycle to cycle, of the whole range (``sigmaCtoC``).
    source : str
        Where the numbers come from, in any words; every number carries it.
    name : str
        Of the cell: small letters, digits, dashes.

    Returns
    -------
    PulsedCell
        Weights from -1 to 1; numbers have the kind ``user``, what NeuroSim does not say is ``assumed``.

    Notes
    -----
    The curve is NeuroSim's closed form, G = B (1 - exp(-P / A)) + Gmin. Its spread of labels over devices
    (``sigmaDtoD``) has no counterpart here.

    References
    ----------
    P.-Y. Chen, X. Peng, S. Yu, IEDM 2017, 6.1.1.

    Examples
    --------
    >>> cell = from_neurosim(1 / 325e6, 1 / 26e6, (97, 97), (2.4, -4.88), noise=0.035, source="Ag:a-Si, MLP+ V3.0")
    >>> [round(x, 2) for x in cell.nonlinearity]
    [2.4, 4.88]
    """
    numbers = {
        **_window(conductance_minimum, conductance_maximum),
        "nonlinear.noise": check.number("noise", noise, "", 0.0),
    }
    for key, given in (("pulses", pulses), ("labels", labels)):
        if np.shape(given) != (2,):
            raise ParameterError(f"{key} must be two numbers, up and down; got {given!r}")
    for way, sign, count, label in zip(("up", "down"), (1.0, -1.0), pulses, labels, strict=True):
        numbers[f"nonlinear.pulses_{way}"] = check.number(f"pulses {way}", count, "", 1.0, low_open=True)
        numbers[f"nonlinear.label_{way}"] = sign * check.number(f"label {way}", label, "", -10.0, 10.0)
    return _made(name, "NeuroSim device", source, numbers)


def from_jump_table(
    conductance: ArrayLike,
    up: ArrayLike,
    down: ArrayLike,
    *,
    probability: ArrayLike | None = None,
    source: str,
    name: str = "jump-table-import",
) -> PulsedCell:
    """A cell that is trained in place from tables of conductance changes, as CrossSim's look-up tables hold them.

    Parameters
    ----------
    conductance : array_like [S]
        Where the changes were measured, increasing; its ends become the bounds.
    up, down : array_like [S]
        Changes by a pulse up and by one down, at each conductance: shape (conductances,) without noise, or
        (conductances, probabilities). Those down are negative, as CrossSim has them.
    probability : array_like, optional
        Cumulative probabilities of the columns, increasing, from 0 to 1 (0.02 and 0.98 will do).
    source : str
        Where the tables come from, in any words; every number carries it.
    name : str
        Of the cell: small letters, digits, dashes.

    Returns
    -------
    PulsedCell
        Weights from -1 to 1; a draw follows the distributions at 41 normal deviates from -3 to 3.

    Raises
    ------
    ParameterError
        Shapes that do not go together, probabilities that do not increase, no change at all.

    Examples
    --------
    >>> g = np.linspace(1e-6, 11e-6, 5)
    >>> cell = from_jump_table(g, 1e-7 * np.ones(5), -1e-7 * np.ones(5), source="wafer 7")
    >>> round(cell.states)
    100
    """
    at = check.array("conductance", conductance, "S", 0.0, ndim=1)
    if at.size < 2 or not (np.diff(at) > 0.0).all():
        raise ParameterError("conductance must hold two values or more that increase")
    shares = None
    if probability is not None:
        shares = check.array("probability", probability, "", 0.0, 1.0, ndim=1)
        if shares.size < 2 or not (np.diff(shares) > 0.0).all():
            raise ParameterError("probability must hold two values or more that increase")
        if shares[0] > _TAIL or shares[-1] < 1.0 - _TAIL:
            raise ParameterError(
                f"probability must run from 0 to 1, within {_TAIL:g}: what lies beyond is not in the tables; got "
                f"{shares[0]:g} to {shares[-1]:g}"
            )
    numbers = _window(at[0], at[-1])
    unit = 0.5 * (at[-1] - at[0])
    numbers["jump_table.weight"] = tuple(np.clip((at - at[0]) / unit - 1.0, -1.0, 1.0))
    for way, sign, given in (("up", 1.0, up), ("down", -1.0, down)):
        table = check.array(way, given, "S", ndim=1 if shares is None else 2)
        if table.shape != (at.size, *(() if shares is None else (shares.size,))):
            wanted = at.size if shares is None else (at.size, shares.size)
            raise ParameterError(f"{way} must have shape {wanted}; got {table.shape}")
        if not sign * table.mean() > 0.0:
            raise ParameterError(
                f"{way} must be {'above' if sign > 0.0 else 'below'} zero in the mean; CrossSim's signs"
            )
        numbers |= _changes(way, sign * table / unit, shares, sign)
    return _made(name, "table of jumps", source, numbers)


def _changes(way: str, table: np.ndarray, shares: np.ndarray | None, sign: float) -> dict[str, Any]:
    """Rows of a jump table: sizes of steps in weight, positive in their direction."""
    if shares is None:
        return {f"jump_table.{way}": tuple(table), f"jump_table.{way}_std": (0.0,) * len(table)}
    # larger changes of conductance are smaller steps down: the deviate of a draw counts along the step
    share = shares if sign > 0.0 else 1.0 - shares[::-1]
    rows = table if sign > 0.0 else table[:, ::-1]
    if (np.diff(rows, axis=1) < 0.0).any():
        raise ParameterError(f"{way} must not decrease along the probabilities")
    deviates = ndtr(np.linspace(-REACH, REACH, _QUANTILES))
    quantiles = np.stack([np.interp(deviates, share, row) for row in rows])
    weights = np.diff(np.concatenate([[0.0], 0.5 * (deviates[1:] + deviates[:-1]), [1.0]]))
    mean = quantiles @ weights
    std = np.sqrt(np.maximum((quantiles - mean[:, None]) ** 2 @ weights, 0.0))
    return {
        f"jump_table.{way}": tuple(mean),
        f"jump_table.{way}_std": tuple(std),
        f"jump_table.{way}_quantiles": tuple(quantiles.ravel()),
    }


def _window(low: float, high: float) -> dict[str, Any]:
    low = check.number("conductance_minimum", low, "S", 0.0)
    high = check.number("conductance_maximum", high, "S", low, low_open=True)
    return {
        "window.conductance_minimum": low,
        "window.conductance_maximum": high,
        "window.weight_minimum": -1.0,
        "window.weight_maximum": 1.0,
    }


def _made(name: str, kind: str, source: str, numbers: Mapping[str, Any]) -> PulsedCell:
    """The cell, each number with its source."""
    if not isinstance(source, str) or not source.strip():
        raise ParameterError("source must say in words where the numbers come from")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ParameterError(f"name must be of small letters, digits and dashes; got {name!r}")
    units = {key: field.metadata["unit"] for key, field in fields_of(PulsedParameters).items()}
    quantities = {
        key: Quantity(
            value=tuple(map(float, value)) if np.ndim(value) else float(value), unit=units[key], kind="user",
            source=f"{kind}: {source.strip()}",
        )
        for key, value in numbers.items()
    }  # fmt: skip
    for key, (value, note) in _USUAL.items():
        quantities[key] = Quantity(value=value, unit=units[key], kind="assumed", note=note)
    technology = Technology(
        name=name, model="pulsed", title=f"Cell imported from: {kind}",
        notes=(f"Numbers of kind user: {source.strip()}",), quantities=quantities, file=name,
    )  # fmt: skip
    made = chosen(PulsedParameters, technology)
    return PulsedCell(fill(PulsedParameters, made), made)

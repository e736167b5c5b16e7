"""Fit of trains of equal pulses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import Estimate, Goodness
from pcmphys.fit.programming.errors import FEW
from pcmphys.fit.programming.given import of_table
from pcmphys.fit.programming.input import TrainReads, conductances, train_reads
from pcmphys.fit.programming.step_law import mean_step, step_spread, variance_of
from pcmphys.fit.programming.steps import Steps, steps_of
from pcmphys.fit.programming.table import binned, pulse_edges, state_edges
from pcmphys.fit.programming.train_law import TrainFit, fit_train
from pcmphys.fit.programming.train_result import PulseTrainFit, PulseTrains
from pcmphys.fit.readers.tables import Table
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_DISAGREE = 4.0
"""Squared standard errors a bin from which the law is called wrong."""
_IN_BIN = 30
"""Devices that a bin must have to say so."""
_LEAST = 16
"""Steps below which eight numbers are not asked of them."""


def pulse_train(
    conductance: ArrayLike | Table | None = None,
    *,
    pulse: ArrayLike | None = None,
    device: ArrayLike | None = None,
    amplitude: ArrayLike | None = None,
    unit: str = "A",
    read_error: ArrayLike | None = None,
    memory: float | None = None,
    missing: str = "refuse",
) -> PulseTrainFit | PulseTrains:
    r"""Fit what each pulse of a train of equal pulses changes: its mean and its spread, by state and pulse number.

    Parameters
    ----------
    conductance : (reads,), (reads, devices) or (trains, reads, devices) array, or Table
        Before the first pulse and after the others [S]; of one device, of several, or of trains of several amplitudes.
        A table of a file (`read_table`) holds ``pulse``, ``conductance`` or ``resistance``, and perhaps ``device`` and
        ``amplitude`` (or ``current``, ``voltage``).
    pulse : (reads,) array of whole numbers, optional
        Pulses before each read, increasing; default 0, 1, 2, ... Only reads with one pulse between them make a step.
    device : (reads,) array of numbers or names, optional
        Of reads given one a row, with ``pulse`` and ``conductance`` (reads,): whose each is.
    amplitude : float or (trains,) array, optional
        Of the pulses of each train [A, or V with ``unit="V"``]; needed for several trains. With reads one a row also
        one a row: trains are then told apart by it.
    unit : {"A", "V"}
        Of the amplitudes.
    read_error : float, (reads,) array or array of the conductances' shape, optional
        Known standard deviation of each read [S], independent from read to read: two reads enter each step. Default:
        reads are taken as exact, and their noise is in what is called spread.
    memory : float, optional
        n_0, if it is known or assumed [pulses]. Default: fitted.
    missing : {"refuse", "skip"}
        Of NaN and masked reads.

    Returns
    -------
    PulseTrainFit
        Or, of several trains, `PulseTrains`, a sequence of them.

    Raises
    ------
    ParameterError
        Shapes that do not fit, pulse numbers that do not increase, missing reads, fewer than 16 steps, reads that never
        change.

    Notes
    -----
    .. math:: \overline{\Delta G} = \alpha G + \beta + \gamma e^{-n/n_0}, \qquad
       \mathrm{std}\,\Delta G = \alpha' G + \beta' + \gamma' e^{-n/n_0'}

    with G the conductance before pulse n = 1, 2, ...; ``slope``, ``offset``, ``boost``, ``memory`` are the numbers of
    the first, with ``spread_`` those of the second. The published law of PCM (alpha -0.084, beta 0.88 uS, gamma
    1.40 uS, n_0 2.6; 0.091, 0.26 uS, 2.15 uS, 2.6) is of this form. `PulseTrainFit.table` has mean and spread in bins,
    which need no law: where the two disagree, a note says so, and the table is to be used.

    Mean and spread are fitted in turn, the mean with the weights of the spread (`pcmphys.fit.programming.train_law`).
    Errors are by leaving out device by device, so that they hold although what a device does is correlated from pulse
    to pulse; fewer than ten devices add those of independent steps, a single device has these alone. With
    ``read_error`` the read before a pulse is freed from its noise (`pcmphys.fit.programming.steps`); without, noise
    pulls the slope down and adds twice its variance to that of the spread.

    The law is one of all devices: of devices that differ for good, those with larger steps are more often found at
    higher conductance, and slope and spread contain it. With fewer than five pulse numbers the exponential is left out.

    Not modelled: reads whose noise is correlated, drift between pulse and read, steps that are not normal (mean, spread
    and errors hold without), pulses that grow from one to the next. Devices of two kinds, such as some that a RESET
    left open among closed ones, are no one law: on simulated ones the fitted spread was half off that of its bins. Hold
    the law against `PulseTrainFit.by_pulse`, which assumes none.

    References
    ----------
    S. R. Nandakumar et al., J. Appl. Phys. 124, 152135 (2018), doi:10.1063/1.5042408: the law (second-hand). R. J.
    Carroll, D. Ruppert, Transformation and Weighting in Regression (1988), ch. 3. A. C. Cameron, D. L. Miller, J. Human
    Resources 50, 317 (2015), eq. 20: errors.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> reads = [np.zeros(500)]
    >>> for n in range(1, 21):
    ...     reads.append(reads[-1] + 1e-6 - 0.1 * reads[-1] + rng.normal(0.0, 0.3e-6, 500))
    >>> found = pulse_train(np.array(reads))
    >>> print(found["slope"], "|", round(float(found.step_spread(3e-6, 10)) * 1e6, 2), "uS")
    -0.1014 +- 0.0068 | 0.29 uS
    """
    if isinstance(conductance, Table):
        beside = {"pulse": pulse, "device": device, "amplitude": amplitude}
        columns, source = of_table(conductance, beside, ("pulse", "device"))
        if "pulse" not in columns:
            raise ParameterError(f"the table has no pulse, the number of pulses before each read: {conductance!r}")
        columns.setdefault("device", np.zeros(len(conductance), dtype=int))
        given = beside | columns
        given["conductance"] = conductances(given.pop("conductance", None), given.pop("resistance", None), missing)
        found = pulse_train(**given, read_error=read_error, memory=memory, missing=missing)
        return found.with_source(source)
    check.choice("unit", unit, ("A", "V"))
    memory = None if memory is None else check.number("memory", memory, "", 0.0, low_open=True)
    reads = conductances(conductance, None, missing)
    if device is not None and np.ndim(amplitude) == 1:
        return _by_amplitude(reads, pulse, device, amplitude, (unit, read_error, memory))
    if reads.ndim < 3:
        height = np.nan if amplitude is None else check.number("amplitude", amplitude, unit)
        return _train(train_reads(pulse, reads, device, read_error), height, unit, memory)
    if amplitude is None:
        raise ParameterError("amplitude must be given for trains of several amplitudes, one for each of them")
    heights = check.array("amplitude", amplitude, unit, shape=reads.shape[:1])
    if np.unique(heights).size < heights.size:
        raise ParameterError("amplitude must differ from train to train; put devices of one amplitude into one train")
    errors = [read_error] * heights.size
    if read_error is not None and np.ndim(read_error) == 3:
        if np.shape(read_error) != reads.shape:
            raise ParameterError(f"read_error must be a number, (reads,) or {reads.shape}; got {np.shape(read_error)}")
        errors = list(np.asarray(read_error))
    return PulseTrains(
        tuple(
            _train(train_reads(pulse, one, device, error), float(height), unit, memory)
            for one, error, height in zip(reads, errors, heights)
        ),
        unit,
    )


def _by_amplitude(reads: np.ndarray, pulse: Any, device: Any, amplitude: Any, how) -> PulseTrainFit | PulseTrains:
    """Trains of reads one a row, told apart by their amplitude."""
    unit, read_error, memory = how
    heights = check.array("amplitude", amplitude, unit, shape=reads.shape)
    numbers, names = np.asarray(pulse), np.asarray(device)
    every = np.unique(heights)
    if every.size > 1 and every.size * np.unique(names).size >= reads.size:
        raise ParameterError(
            "amplitude is another one from pulse to pulse: a staircase is no train of equal pulses; its conductance "
            "against amplitude is for programming_curve"
        )
    found = []
    for height in every:
        here = heights == height
        found.append(
            _train(train_reads(numbers[here], reads[here], names[here], read_error), float(height), unit, memory)
        )
    return found[0] if len(found) == 1 else PulseTrains(tuple(found), unit)


def _train(reads: TrainReads, amplitude: float, unit: str, memory: float | None) -> PulseTrainFit:
    steps = steps_of(reads)
    if steps.change.size < _LEAST:
        raise ParameterError(
            f"{steps.change.size} steps are too few for mean and spread of steps by state and pulse number; at least "
            f"{_LEAST} are needed"
        )
    if np.ptp(steps.change) <= 1e-9 * max(float(np.abs(steps.state).max()), float(np.abs(steps.change).max()), 1e-30):
        raise ParameterError(
            f"every pulse changes the conductance by the same {float(steps.change[0]):.3g} S: there is no spread to "
            "fit (a constant series?)"
        )
    found = fit_train(steps, memory)
    errors = np.sqrt(np.diag(found.covariance))
    estimates = tuple(
        Estimate(one.name, one.value, float(error), one.unit, one.role, one.bound, one.low, one.high)
        for one, error in zip((*found.mean.estimates, *found.spread.estimates), errors)
    )
    devices = np.unique(steps.device).size
    height = "" if np.isnan(amplitude) else f" of {amplitude:.4g} {unit}"
    return PulseTrainFit(
        title=f"pulse train{height}: {steps.change.size} steps of {devices} device{'s' if devices > 1 else ''}",
        estimates=estimates,
        covariance=found.covariance,
        goodness=_goodness(found, steps, estimates),
        undetermined=found.mean.undetermined + found.spread.undetermined,
        notes=found.mean.notes + found.spread.notes + _notes(reads, steps, estimates, devices),
        amplitude=amplitude,
        reads=reads,
        steps=steps,
    )


def _goodness(found: TrainFit, steps: Steps, estimates: tuple[Estimate, ...]) -> Goodness:
    values = {one.name: one.value for one in estimates}
    variance = variance_of(steps, values)
    off = steps.change - mean_step(steps.state, steps.pulse, values)
    likelihood = -0.5 * float((off**2 / variance + np.log(2.0 * np.pi * variance)).sum())
    return Goodness(steps.change.size, found.mean.goodness.free + found.spread.goodness.free, log_likelihood=likelihood)


def _notes(reads: TrainReads, steps: Steps, estimates: Any, devices: int) -> tuple[str, ...]:
    notes = []
    if reads.read_error is None:
        notes.append(
            "reads are taken as exact: their noise, twice its variance, is in the spread, and pulls the slope of the "
            "mean down; give read_error to have it taken out"
        )
    if steps.drowned:
        notes.append(
            f"at {steps.drowned} of {np.unique(steps.pulse).size} pulse numbers devices scatter by no more than "
            "read_error before the pulse: these tell of the mean step, not of its slope"
        )
    if steps.left_out:
        notes.append(f"{steps.left_out} pairs of reads were left out: not one pulse between them, or a read missing")
    if devices < FEW:
        notes.append(
            "a single device: errors take its steps as independent, and say nothing of other devices"
            if devices == 1
            else f"{devices} devices only: errors of independent steps are added to those from device to device"
        )
    values = {one.name: one.value for one in estimates}
    none = int((step_spread(steps.state, steps.pulse, values) <= 0.0).sum())
    if none:
        notes.append(f"the law of the spread has none, or less, at {none} of the steps: use the table by state there")
    return (*notes, *_disagreement(steps, values))


def _disagreement(steps: Steps, values: Mapping[str, float]) -> tuple[str, ...]:
    """Whether mean or spread in bins of state and pulse is off the law by more than their errors."""
    off = steps.change - mean_step(steps.state, steps.pulse, values)
    excess = off**2 - steps.noise(values["slope"]) - step_spread(steps.state, steps.pulse, values) ** 2
    edges = state_edges(steps, None), pulse_edges(steps, None)
    wrong = []
    for word, rest in (("mean", off), ("variance", excess)):
        table = binned(steps._replace(change=rest), 0.0, *edges)
        good = (table["devices"].values >= _IN_BIN) & (table["mean_error"].values > 0)
        if good.sum() > 2:
            distance = float(np.mean((table["mean"].values[good] / table["mean_error"].values[good]) ** 2))
            if distance > _DISAGREE:
                wrong.append(f"the {word} by {np.sqrt(distance):.2g}")
    if not wrong:
        return ()
    return (
        f"bins of state and pulse number are off the law, {' and '.join(wrong)} standard errors a bin: it does not "
        "describe these steps, its errors mean little; use the table",
    )

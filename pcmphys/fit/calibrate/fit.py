"""Calibration of a cell to measurements."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.calibrate.free import Free, checked_free
from pcmphys.fit.calibrate.judge import Judged, curves, judged
from pcmphys.fit.calibrate.result import Calibration
from pcmphys.fit.calibrate.search import Residuals, Search, best_start, least
from pcmphys.fit.calibrate.simulations import Progress, Simulations
from pcmphys.fit.engine.cells import fitted_numbers
from pcmphys.fit.experiments.experiment import Experiment
from pcmphys.numerics.cache import source_fingerprint
from pcmphys.numerics.files import probe
from pcmphys.numerics.parts import Parts


def calibrate(
    cell: Any,
    experiments: Sequence[Experiment],
    free: Sequence[Free],
    *,
    search: Search | None = None,
    name: str | None = None,
    directory: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Fit chosen numbers of a cell to measurements of any kind at once, by simulating the same experiments.

    Parameters
    ----------
    cell : cell
        With the numbers to begin with; it stays as it is.
    experiments : sequence of Experiment
        What was measured, with errors: `pcmphys.fit.experiments` has the usual ones. Data, or whole experiments, that
        are held out are not seen by the search.
    free : sequence of Free
        The numbers that may change, with bounds, and what is known of them before.
    search : Search, optional
        How much is simulated, and with which random numbers.
    name : str, optional
        Of the new cell; the old name with "-calibrated" by default.
    directory : path, optional
        Every simulation is kept here: a calibration that was interrupted, or one with more rounds, goes on from them.
        Remove it when you have what you want.
    executor : concurrent.futures.Executor, optional
        Where the simulations run; the result does not depend on it. Default: here, one after the other.
    progress : callable, optional
        Called with (simulations done, most there can be).

    Returns
    -------
    Calibration

    Raises
    ------
    ParameterError
        A number that the cell does not have or that lies outside of its bounds, fewer data than free numbers, nothing
        that is not held out.
    ConvergenceError
        The cell cannot be simulated at the start, or not around a place where the search came to.

    Notes
    -----
    All trials use the same random numbers, so that two of them differ by what the numbers do and not by luck, and sums
    of squares by least squares of a trust region (scipy) with differences wide enough to bridge what single devices do.
    It finds the minimum that it can reach from the start; ``Search.trials`` looks all over the bounds before.

    Errors are those of the linear model around the end, with the simulation's own scatter; where data and model do not
    agree they are widened. What the data do not determine is found from the singular values of the slopes.

    Not modelled: correlations of the errors of different data; errors of ``x``.

    References
    ----------
    D. McFadden, Econometrica 57, 995 (1989): method of simulated moments.

    Examples
    --------
    Three spreads of drift exponents, made up; reads carry noise of their own, so that the cell's number is smaller:

    >>> import pcmphys as pcm
    >>> from pcmphys.fit.experiments import ProgramAndVerify, Target
    >>> spread = Target([0.0160, 0.0155, 0.0150], error=0.0005)
    >>> measured = ProgramAndVerify([10e-6, 15e-6, 20e-6], {"exponent_std": spread}, name="made up", devices=300)
    >>> number = Free("drift_exponent_spread.low", 0.002, 0.03)
    >>> found = calibrate(pcm.load_cell("ibm-90nm-statistical"), [measured], [number], search=Search(rounds=6, fresh=4))
    >>> print(found["drift_exponent_spread.low"])
    0.01471 +- 0.00071
    """
    experiments, searched = _checked(experiments)
    start, units = checked_free(free, cell)
    free, search = tuple(free), search or Search()
    if not isinstance(search, Search):
        raise ParameterError(f"search must be a Search; got {type(search).__name__}")
    kept = _parts(directory, cell, experiments, free)
    most = (search.evaluations(len(free)) * search.seeds + search.fresh) * len(searched)
    count = _Counter(most + 2 * search.fresh * len(experiments), progress)
    simulations = Simulations(cell, searched, free, executor, kept("search"), count)
    residuals = Residuals(simulations, free, search)
    if residuals.count + residuals.priors < len(free):
        raise ParameterError(
            f"calibration: {residuals.count} data are too few for {len(free)} free numbers; fix some, give priors, or "
            "measure more"
        )
    end = least(residuals, best_start(residuals, start))
    found = judged(residuals, end, units)
    whole = Simulations(cell, experiments, free, executor, kept("whole"), count)
    seen = curves(whole, residuals.values(start), residuals.values(end), search.held_out)
    count.end()
    sources = dict.fromkeys(one.source for one in experiments if one.source)
    found = found._replace(notes=(*found.notes, *(f"data: {source}" for source in sources)))
    title = f"calibration of {cell.name} to {', '.join(dict.fromkeys(one.title for one in experiments))}"
    return Calibration(
        title=title,
        cell=_cell(cell, free, found, title, name),
        keys=tuple(key for one in free for key in (one.key, *one.also)),
        curves=seen,
        history=np.array(residuals.history),
        **found._asdict(),
    )


def _checked(experiments: Sequence[Experiment]) -> tuple[list[Experiment], list[Experiment]]:
    """All experiments, and those parts of them that the search may see."""
    whole = list(experiments)
    for one in whole:
        if not isinstance(one, Experiment):
            raise ParameterError(f"experiments must be of pcmphys.fit.experiments; got {type(one).__name__}")
    searched = [part for part in (one.for_search() for one in whole) if part is not None]
    if not searched:
        raise ParameterError("experiments must hold data that are not held out: there is nothing to fit to")
    return whole, searched


def _parts(directory, cell, experiments, free) -> Callable[[str], Parts | None]:
    """Where simulations are kept; they count for the same cell, data, bounds and program only."""
    if directory is None:
        return lambda _: None
    folder = Path(directory).expanduser()
    probe(folder, "directory")
    numbers = {key: one.value for key, one in cell.technology.quantities.items()}
    text = json.dumps([type(cell).__name__, numbers, [asdict(one) for one in free]])
    mark = source_fingerprint(text + " ".join(one.digest() for one in experiments))
    return lambda which: Parts(folder, f"{mark}-{which}")


class _Counter:
    """Counts simulations, and lets progress know."""

    def __init__(self, most: int, progress: Progress | None) -> None:
        self.done, self.most, self.progress = 0, most, progress

    def __call__(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(min(self.done, self.most - 1), self.most)

    def end(self) -> None:
        """All is done, with fewer simulations than there could have been."""
        if self.progress is not None:
            self.progress(self.most, self.most)


def _cell(cell: Any, free: Sequence[Free], found: Judged, title: str, name: str | None) -> Any:
    """The cell with its fitted numbers, each with its source and error."""
    changes = {}
    for one, estimate in zip(free, found.estimates, strict=True):
        note = f"ended at its {estimate.bound} bound" if estimate.bound else f"standard error {estimate.error:.2g}"
        changes |= {key: {"value": estimate.value, "note": note} for key in (one.key, *one.also)}
    return cell.but(fitted_numbers(changes, title, None, ""), name=name or f"{cell.name}-calibrated")

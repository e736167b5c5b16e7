"""Simulations of all experiments at points of the search: each done once, anywhere, kept on disk if asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, as_completed
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ConvergenceError, ParameterError
from pcmphys.fit.calibrate.free import Free
from pcmphys.fit.experiments.experiment import Experiment
from pcmphys.numerics.parts import Part, Parts

Progress = Callable[[int, int], None]


class Task(NamedTuple):
    """One simulation: a cell's free numbers, which experiment, which random numbers."""

    values: tuple[float, ...]
    experiment: int
    seed: int

    @property
    def key(self) -> tuple[int, ...]:
        """Whole numbers that stand for it in a file's name."""
        digest = hashlib.sha256(np.array(self.values).tobytes()).digest()
        return self.experiment, self.seed, int.from_bytes(digest[:8], "big")


class Simulations:
    """Simulations of a cell with changed numbers.

    A trial that the cell refuses, or in which something does not converge, has failed: the search stays away from it.
    """

    def __init__(
        self,
        cell: Any,
        experiments: Sequence[Experiment],
        free: Sequence[Free],
        executor: Executor | None,
        parts: Parts | None,
        on_finished: Callable[[], None],
    ) -> None:
        self.cell, self.experiments, self.free = cell, experiments, free
        self.executor, self.parts, self.on_finished = executor, parts, on_finished
        self.found: dict[Task, Part | str] = {}

    def run(self, tasks: Iterable[Task]) -> None:
        """Simulate what has not been simulated yet."""
        missing = [task for task in dict.fromkeys(tasks) if task not in self.found and not self._kept(task)]
        if self.executor is None:
            for task in missing:
                self._keep(task, _simulated(self.cell, self.experiments[task.experiment], self.free, task))
            return
        futures = {
            self.executor.submit(_simulated, self.cell, self.experiments[task.experiment], self.free, task): task
            for task in missing
        }
        try:
            for future in as_completed(futures):
                self._keep(futures[future], future.result())
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def _kept(self, task: Task) -> bool:
        if self.parts is None:
            return False
        part = self.parts.load(task.key)
        if part is None:
            return False
        self._finished(task, str(part["failed"]) if "failed" in part else part)
        return True

    def _keep(self, task: Task, found: Part | str) -> None:
        if self.parts is not None:
            self.parts.save(task.key, {"failed": np.array(found)} if isinstance(found, str) else found)
        self._finished(task, found)

    def _finished(self, task: Task, found: Part | str) -> None:
        self.found[task] = found
        self.on_finished()

    def failure(self, tasks: Iterable[Task]) -> str:
        """What the first of them that failed says; empty if all are well."""
        return next((found for task in tasks if isinstance(found := self.found[task], str)), "")


def changes(free: Sequence[Free], values: Sequence[float]) -> dict[str, float]:
    """Numbers by dotted key, with those that take the same value."""
    return {key: float(value) for one, value in zip(free, values, strict=True) for key in (one.key, *one.also)}


def _simulated(cell: Any, experiment: Experiment, free: Sequence[Free], task: Task) -> Part | str:
    """One simulation; a text if it failed."""
    try:
        found = experiment.simulate(cell.but(changes(free, task.values), source="calibration"), task.seed)
    except (ParameterError, ConvergenceError) as error:
        return f"{type(error).__name__}: {error}"
    part: Part = {}
    for quantity in experiment.targets:
        if quantity not in found:
            raise ParameterError(f"{experiment!r} gives no {quantity!r}; it gives {', '.join(found)}")
        values = np.asarray(found[quantity], dtype=float)
        if values.shape != np.shape(experiment.x):
            raise ParameterError(
                f"{experiment!r} must give {np.size(experiment.x)} numbers of {quantity!r}; got shape {values.shape}"
            )
        if not np.isfinite(values).all():
            return f"{quantity} is {values[~np.isfinite(values)][0]} at {experiment.describe(quantity).words}"
        part[quantity] = values
    return part

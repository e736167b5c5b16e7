"""Run a study: independent chunks on any executor, labelled results, finished chunks kept until the end."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcmphys.errors import ParameterError
from pcmphys.numerics.compile import thread_count
from pcmphys.numerics.files import probe, remove_abandoned
from pcmphys.numerics.parts import Part, Parts
from pcmphys.study import results
from pcmphys.study.plan import Plan, fingerprint
from pcmphys.study.registry import plan_of, read_config
from pcmphys.study.settings import Settings

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[int, int], None]
Study = Settings | dict[str, Any] | str | Path | None


class StudyInterrupted(KeyboardInterrupt):
    """The user's control-C; what is finished is kept.

    Attributes
    ----------
    finished, total : int
        Chunks that are kept, and all of the study.
    folder : Path
        Where they are kept.
    running : bool
        Whether chunks still run in threads of this process, because it was interrupted twice.
    """

    def __init__(self, finished: int, total: int, folder: Path, *, running: bool = False) -> None:
        super().__init__(
            f"{finished} of {total} parts are finished and kept in {folder}; the same study with the same directory "
            "goes on from them"
        )
        self.finished: int = finished
        self.total: int = total
        self.folder: Path = folder
        self.running: bool = running

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), running=self.running), (self.finished, self.total, self.folder)


def run(
    config: Study = None,
    executor: Executor | None = None,
    *,
    directory: str | Path | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> xr.Dataset:
    """Run a study and return its labelled results.

    An interruption (control-C, or a notebook's stop) waits for the chunks that are running and keeps them, if there is
    a ``directory``; a second one stops at once.

    Parameters
    ----------
    config : Settings, dict, path, name or None
        The study: its settings, its file, or a built-in one: "digits" (also None) runs a network on drifting arrays
        (`StudyConfig`), "selector-margin" compares selectors (`SelectorMarginConfig`).
    executor : concurrent.futures.Executor, optional
        Where the independent chunks run: a process pool, ``dask.distributed.Client.get_executor()``,
        ``mpi4py.futures``. The results do not depend on it. Default: threads of this process.
    directory : path, optional
        The results are written here as results.nc. Until then finished chunks are kept in ``parts``: a study that was
        interrupted goes on from them. Results of the same study that lie here already are returned as they are.
        Default: nothing is written.
    progress : callable, optional
        Called with (steps done, steps in all).
    overwrite : bool, optional
        Replace the results of another study in ``directory``, which are refused otherwise.

    Returns
    -------
    xarray.Dataset
        Every variable carries its unit; settings, versions and citations are attributes.

    Raises
    ------
    ParameterError
        A wrong setting, an unknown cell or network, a directory that cannot be written or holds something else.
    StudyInterrupted
        A KeyboardInterrupt that says what is kept.
    OSError
        The disk is full; finished chunks are kept as far as they could be.

    Warns
    -----
    UserWarning
        A damaged or outdated file of ``directory`` is computed anew.
    """
    with finished(config, executor, directory=directory, progress=progress, overwrite=overwrite) as dataset:
        return dataset


@contextlib.contextmanager
def finished(
    config: Study = None,
    executor: Executor | None = None,
    *,
    directory: str | Path | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Iterator[xr.Dataset]:
    """Results of a study as `run` gives them; its parts on disk are removed when the block ends without an error."""
    config = read_config(config)
    _check_arguments(executor, directory, progress)
    plan = plan_of(config)
    mark = fingerprint(plan)
    dataset = parts = None
    if directory is not None:
        folder = Path(directory).expanduser()
        parts = Parts(folder / "parts", mark)
        # before any chunk runs: a folder that cannot be written must not cost the whole study
        probe(folder, "directory", results.FILE)
        remove_abandoned(folder)
        remove_abandoned(parts.folder)
        dataset = results.already_there(folder, config, mark, overwrite=overwrite)
    if dataset is None:
        with _kept(_Gathering(plan, executor, parts, progress)) as gathering:
            dataset = plan.dataset(gathering.run()).assign_attrs(fingerprint=mark)
            if parts is not None:
                results.save(dataset, folder / results.FILE)
    elif progress is not None:
        progress(len(plan.chunks) * plan.steps, len(plan.chunks) * plan.steps)
    yield dataset
    if parts is not None:
        parts.forget()


def _check_arguments(executor, directory, progress) -> None:
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ParameterError(f"executor must be a concurrent.futures.Executor; got {type(executor).__name__}")
    if directory is not None and not isinstance(directory, str | os.PathLike):
        raise ParameterError(f"directory must be a path; got {type(directory).__name__}")
    if progress is not None and not callable(progress):
        raise ParameterError(f"progress must be callable with (done, total); got {type(progress).__name__}")


@contextlib.contextmanager
def _kept(gathering: _Gathering) -> Iterator[_Gathering]:
    """Say what is kept when the user interrupts."""
    try:
        yield gathering
    except KeyboardInterrupt:
        parts, chunks = gathering.parts, gathering.plan.chunks
        if parts is None:
            raise
        raise StudyInterrupted(parts.count(chunks), len(chunks), parts.folder, running=gathering.left_running) from None


class _Gathering:
    """One run of the chunks that are not on disk yet."""

    def __init__(self, plan: Plan, executor: Executor | None, parts: Parts | None, progress: Progress | None):
        self.plan, self.parts = plan, parts
        self.local = executor is None
        self.executor = executor
        self.counter = _Counter(len(plan.chunks) * plan.steps, progress)
        self.left_running = False
        self.found: dict[tuple[int, ...], Part] = {}
        self.futures: dict[Future, tuple[int, ...]] = {}

    def run(self) -> list[Part]:
        """The part of each chunk; what has finished is kept whatever happens."""
        if self.parts is not None:
            probe(self.parts.folder, "directory")
            loaded = {key: self.parts.load(key) for key in self.plan.chunks}
            self.found = {key: part for key, part in loaded.items() if part is not None}
        self.counter.advance(self.plan.steps * len(self.found))
        executor = ThreadPoolExecutor(thread_count()) if self.executor is None else self.executor
        try:
            self._submit(executor)
            for future in as_completed(self.futures):
                self._keep(future)
        except BaseException as error:
            # the first failure ends the study now, not after the chunks that are still waiting
            self._wind_up(told=isinstance(error, KeyboardInterrupt))
            raise
        finally:
            if self.local:
                executor.shutdown(wait=False)
        return [self.found[key] for key in self.plan.chunks]

    def _submit(self, executor: Executor) -> None:
        tick = (self.counter.tick,) if self.local else ()  # a callback does not travel to another process
        for key in self.plan.chunks:
            if key not in self.found:
                function, arguments = self.plan.task(key)
                self.futures[executor.submit(function, *arguments, *tick)] = key

    def _keep(self, future: Future) -> None:
        key, part = self.futures[future], future.result()
        if self.parts is not None:
            self.parts.save(key, part)
        self.found[key] = part
        if not self.local:
            self.counter.advance(self.plan.steps)

    def _wind_up(self, *, told: bool) -> None:
        """Cancel what waits, finish and keep what runs, unless interrupted once more."""
        running = [future for future in self.futures if not future.cancel() and self.futures[future] not in self.found]
        if self.parts is None:  # nothing to finish for
            self.counter.stop()
            self.left_running = bool(running)
            return
        try:
            if told and not all(future.done() for future in running):
                say = "interrupted: what is running is finished and kept; interrupt again to stop at once"
                warnings.warn(say, stacklevel=2)
            for future in as_completed(running):
                # the first failure is what the user hears of
                with contextlib.suppress(Exception):
                    self._keep(future)
        except KeyboardInterrupt:
            self.counter.stop()
            self.left_running = True


class _Stopped(Exception):
    """Ends a chunk whose results nobody waits for."""


class _Counter:
    def __init__(self, total: int, progress: Progress | None):
        self.done, self.total, self.progress = 0, total, progress
        self._lock = threading.Lock()
        self._stopped = False

    def tick(self) -> None:
        if self._stopped:
            raise _Stopped
        self.advance(1)

    def stop(self) -> None:
        self._stopped = True

    def advance(self, steps: int) -> None:
        with self._lock:
            self.done += steps
            if self.progress is not None:
                self.progress(self.done, self.total)

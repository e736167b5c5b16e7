"""Run a study: independent chunks on any executor, labelled results, finished chunks kept until the end."""

from __future__ import annotations

import contextlib
import threading
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from pcmphys._cache import source_fingerprint
from pcmphys._files import write_whole
from pcmphys._jit import thread_count
from pcmphys.errors import ParameterError
from pcmphys.study.kinds import read_config
from pcmphys.study.plan import Part, Plan

Progress = Callable[[int, int], None]


def run(config=None, executor: Executor | None = None, *, directory=None, progress: Progress | None = None):
    """Run a study and return its labelled results.

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
        interrupted goes on from them. Default: nothing is written.
    progress : callable, optional
        Called with (steps done, steps in all).

    Returns
    -------
    xarray.Dataset
        Every variable carries its unit; settings, versions and citations are attributes.

    Raises
    ------
    ParameterError
        A wrong setting, an unknown cell or network.
    """
    config = read_config(config)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ParameterError(f"executor must be a concurrent.futures.Executor; got {type(executor).__name__}")
    plan = config.plan()
    parts = _Parts(directory, plan)
    counter = _Counter(len(plan.chunks) * plan.steps, progress)
    found = {key: part for key in plan.chunks if (part := parts.load(key)) is not None}
    counter.advance(plan.steps * len(found))
    with contextlib.ExitStack() as stack:
        local = executor is None
        if local:
            executor = stack.enter_context(ThreadPoolExecutor(thread_count()))
        futures: dict[Future, tuple[int, ...]] = {}
        for key in (key for key in plan.chunks if key not in found):
            function, arguments = plan.task(key)
            tick = (counter.tick,) if local else ()  # a callback does not travel to another process
            futures[executor.submit(function, *arguments, *tick)] = key
        try:
            for future in as_completed(futures):
                key = futures[future]
                found[key] = future.result()
                parts.save(key, found[key])
                if not local:
                    counter.advance(plan.steps)
        except BaseException:
            # the first failure ends the study now, not after the chunks that are still waiting
            executor.shutdown(wait=False, cancel_futures=True) if local else [f.cancel() for f in futures]
            raise
    result = plan.dataset([found[key] for key in plan.chunks])
    if directory is not None:
        save(result, Path(directory) / "results.nc")
        parts.forget()
    return result


class _Counter:
    def __init__(self, total: int, progress: Progress | None):
        self.done, self.total, self.progress = 0, total, progress
        self._lock = threading.Lock()

    def tick(self) -> None:
        self.advance(1)

    def advance(self, steps: int) -> None:
        with self._lock:
            self.done += steps
            if self.progress is not None:
                self.progress(self.done, self.total)


class _Parts:
    """Finished chunks on disk; a part counts only for the same settings, content and program."""

    def __init__(self, directory, plan: Plan):
        self.folder = None if directory is None else Path(directory) / "parts"
        self.key = f"{plan.config.digest()}-{source_fingerprint(plan.content())}"
        if self.folder is not None:
            _make_folder(self.folder)

    def _path(self, key: tuple[int, ...]) -> Path:
        return self.folder / f"{self.key}-{'-'.join(f'{k:05d}' for k in key)}.npz"

    def load(self, key) -> Part | None:
        if self.folder is None or not self._path(key).exists():
            return None
        try:
            with np.load(self._path(key), allow_pickle=False) as archive:
                return dict(archive)
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
            return None  # a broken part is a part that is not there

    def save(self, key, part: Part) -> None:
        if self.folder is not None:
            write_whole(self._path(key), lambda path: np.savez(path, **part))

    def forget(self) -> None:
        if self.folder is None or not self.folder.exists():
            return
        for path in self.folder.glob(f"{self.key}-*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # parts of another study may still lie there
            self.folder.rmdir()


def _make_folder(folder: Path) -> None:
    # before any chunk runs: a folder that cannot be written must not cost the whole study
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"directory: {folder} cannot be made ({error.strerror or error})") from None


def save(dataset, path) -> Path:
    """Write a study's results as NetCDF, whole or not at all."""
    return write_whole(path, lambda temporary: dataset.to_netcdf(temporary, engine="h5netcdf"))

"""Run a study: independent chunks on any executor, labelled results, finished chunks kept until the end."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.files import probe, remove_abandoned
from pcmphys.numerics.lock import held
from pcmphys.numerics.parts import Parts
from pcmphys.study import results
from pcmphys.study.gathering import Gathering, Progress
from pcmphys.study.placed import PlacedPlan
from pcmphys.study.plan import Plan, fingerprint
from pcmphys.study.registry import plan_of, read_config
from pcmphys.study.settings import Settings
from pcmphys.study.store import Store, check_possible
from pcmphys.study.workers import checked

if TYPE_CHECKING:
    import xarray as xr

STORES = ("netcdf", "zarr")
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""Full, over quota, over the largest file, not to be written any more, broken."""
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
    store: str = "netcdf",
) -> xr.Dataset:
    """Run a study and return its labelled results.

    An interruption (control-C, or a notebook's stop) waits for the chunks that are running and keeps them, if there is
    a ``directory``; a second one stops at once.

    Parameters
    ----------
    config : Settings, dict, path, name or None
        The study: its settings, its file, or a built-in one: "digits" (also None) runs a network on drifting arrays
        (`StudyConfig`), "selector-margin" compares selectors (`SelectorMarginConfig`), "design-space" asks what a
        lasting bit costs (`DesignSpaceConfig`), "layers" runs convolutions, an LSTM and a transformer (`LayersConfig`),
        "chip" what networks cost on chips of tiles (`ChipConfig`), "chip-scale" simulates a whole chip device by device
        (`ChipScaleConfig`), "training" trains a network in place by rules and devices (`TrainingConfig`).
    executor : concurrent.futures.Executor, optional
        Where the independent chunks run: `Workers`, any process pool, `connect` (Dask), ``mpi4py.futures``. The results
        do not depend on it. Default: threads of this process; the last chunks also have those of the ones that ended.
    directory : path, optional
        The results are written here as results.nc. Until then finished chunks are kept in ``parts``: a study that was
        interrupted goes on from them. Results of the same study that lie here already are returned as they are.
        Default: nothing is written.
    progress : callable, optional
        Called with (steps done, steps in all).
    overwrite : bool, optional
        Replace the results of another study in ``directory``, which are refused otherwise.
    store : str
        "netcdf": one file results.nc at the end. "zarr": results.zarr, written as parts are finished and readable
        meanwhile (`open_store`); results larger than memory need it. Its numbers are read when they are used.

    Returns
    -------
    xarray.Dataset
        Every variable carries its unit; settings, versions and citations are attributes.

    Raises
    ------
    ParameterError
        A wrong setting, an unknown cell or network, a directory that cannot be written, holds something else, or is
        another run's at the moment; a worker that has another version of pcmphys.
    WorkerDied
        A worker process is gone, more often than it can be replaced; finished chunks are kept.
    StudyInterrupted
        A KeyboardInterrupt that says what is kept.
    OSError
        The disk is full; finished chunks are kept as far as they could be.

    Warns
    -----
    UserWarning
        A damaged or outdated file of ``directory`` is computed anew.
    """
    with finished(
        config, executor, directory=directory, progress=progress, overwrite=overwrite, store=store
    ) as dataset:
        return dataset


@contextlib.contextmanager
def finished(
    config: Study = None,
    executor: Executor | None = None,
    *,
    directory: str | Path | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
    store: str = "netcdf",
) -> Iterator[xr.Dataset]:
    """Results of a study as `run` gives them; its parts on disk are removed when the block ends without an error."""
    config = read_config(config)
    executor = _checked(executor, directory, progress)
    check.choice("store", store, STORES)
    plan = plan_of(config)
    if store == "zarr":
        check_possible(plan, directory)
    mark = fingerprint(plan)
    if directory is None:
        with _kept(Gathering(plan, executor, None, progress)) as gathering:
            yield _assembled(plan, gathering, mark)
        return
    folder = Path(directory).expanduser()
    # before any chunk runs: a folder that cannot be written must not cost the whole study
    probe(folder, "directory", results.FILE)
    parts = Parts(folder / "parts", mark)
    with held(parts.folder, "directory"):
        remove_abandoned(folder)
        remove_abandoned(parts.folder)
        to_store = Store(folder, plan, mark) if store == "zarr" and isinstance(plan, PlacedPlan) else None
        if to_store is None:
            dataset = results.already_there(folder, config, mark, overwrite=overwrite)
        else:
            to_store.remove_leftovers()
            dataset = to_store.already_there(config, overwrite=overwrite)
        if dataset is None:
            with _kept(Gathering(plan, executor, parts, progress, to_store)) as gathering:
                dataset = _written(gathering, folder, to_store, mark)
        elif progress is not None:
            progress(len(plan.chunks) * plan.steps, len(plan.chunks) * plan.steps)
        yield dataset
        parts.forget()


def memory(config: Study = None) -> int:
    """Most memory [bytes] that a worker needs for a chunk of a study, besides the program itself; 0: not known."""
    return plan_of(read_config(config)).memory()


def _written(gathering: Gathering, folder: Path, store: Store | None, mark: str) -> xr.Dataset:
    if store is not None:
        store.begin()
        gathering.run()
        return store.finish()
    dataset = _assembled(gathering.plan, gathering, mark)
    results.save(dataset, folder / results.FILE)
    return dataset


def _assembled(plan: Plan, gathering: Gathering, mark: str) -> xr.Dataset:
    return plan.dataset(gathering.run()).assign_attrs(fingerprint=mark)


def _checked(executor, directory, progress) -> Executor | None:
    executor = checked(executor)
    if directory is not None and not isinstance(directory, str | os.PathLike):
        raise ParameterError(f"directory must be a path; got {type(directory).__name__}")
    if progress is not None and not callable(progress):
        raise ParameterError(f"progress must be callable with (done, total); got {type(progress).__name__}")
    return executor


@contextlib.contextmanager
def _kept(gathering: Gathering) -> Iterator[Gathering]:
    """Say what is kept when the user interrupts, or the disk takes no more."""
    try:
        yield gathering
    except KeyboardInterrupt:
        parts, chunks = gathering.parts, gathering.plan.chunks
        if parts is None:
            raise
        raise StudyInterrupted(parts.count(chunks), len(chunks), parts.folder, running=gathering.left_running) from None
    except OSError as error:
        parts, chunks = gathering.parts, gathering.plan.chunks
        if parts is None or error.errno not in _DISK:
            raise
        kept = (
            f"{parts.count(chunks)} of {len(chunks)} parts are finished and kept; once it can be written again, the "
            "same study with the same directory goes on from them"
        )
        raise OSError(error.errno, f"{error.strerror}; {kept}", error.filename or str(parts.folder)) from None

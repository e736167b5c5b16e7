"""Studies on more than one machine, through Dask: a scheduler hands chunks to workers, wherever these run.

A study is a list of independent, seeded chunks, and its results do not depend on who ran them: workers may come, go
and die while it runs, and the bits are those of a run on a laptop with processors of the same kind. (Processors of
different kinds run different code for exponentials and logarithms in NumPy; these may differ in the last bit.) Only the
process that asks writes files: workers need no shared disk, and no files but an installed pcmphys, the same version
everywhere, which is checked. It needs the extra ``dask``: ``pip install "pcmphys[dask]"``.

How much memory a worker needs is said before the study starts, and ``pcm.study.memory(config)`` gives it.

**By hand, on machines of a laboratory.** On one of them ``dask scheduler``, which says its address; on each
``dask worker tcp://ADDRESS:8786 --nworkers 8 --nthreads 1``; then, from anywhere that reaches it::

    pcmphys study mine.toml --out mine --scheduler tcp://ADDRESS:8786

Workers with one thread each are the fastest: a chunk stays on one thread, and those of one process share its
interpreter. Two settings of Dask cost some percent each: a profiler, and memory that goes back to the system after
every array. A file ``~/.config/dask/pcmphys.yaml`` where the workers start spares them both::

    distributed:
      worker: {profile: {enabled: false}}
      nanny: {pre-spawn-environ: {MALLOC_TRIM_THRESHOLD_: 268435456}}

**Slurm** (or PBS, LSF, SGE, HTCondor), with ``pip install dask-jobqueue``. Run this on the login node, or as a small
job of its own, as it lives as long as the study; it asks for workers as ordinary jobs, and the scheduler takes them as
they start::

    import pcmphys as pcm
    from dask_jobqueue import SLURMCluster

    cluster = SLURMCluster(
        queue="normal", account="project", walltime="02:00:00",
        cores=16, processes=16, memory="32GB",       # a job: 16 workers of one thread and 2 GB each
        interface="ib0",                             # the network that nodes and login node share
    )
    cluster.adapt(maximum_jobs=20)                   # as many jobs as there are chunks for
    with pcm.study.connect(cluster) as executor:
        results = pcm.study.run("mine.toml", executor, directory="mine")

``print(cluster.job_script())`` shows the job before it is sent. A job that reaches its wall time takes its workers with
it; their chunks go to others (Dask gives a chunk up when more workers than ``distributed.scheduler.allowed-failures``,
three, have died at it). If the login node ends the script, start it again with the same directory:
finished chunks are kept.

**Kubernetes**, with ``pip install dask-kubernetes`` and its operator in the cluster (``helm install --repo
https://helm.dask.org --create-namespace -n dask-operator --generate-name dask-kubernetes-operator``). The image needs
pcmphys; one line makes it of Dask's own, with the Python and Dask of the machine that asks::

    FROM ghcr.io/dask/dask:latest
    RUN pip install "pcmphys[dask]"

    import pcmphys as pcm
    from dask_kubernetes.operator import KubeCluster

    cluster = KubeCluster(
        name="pcmphys", image="registry/pcmphys:0.1", n_workers=8,
        resources={"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}},
        worker_command=["dask", "worker", "--nthreads", "1"],
    )
    with pcm.study.connect(cluster) as executor:
        results = pcm.study.run("mine.toml", executor, directory="mine", store="zarr")
    cluster.close()

Neither was tried on a real Slurm or Kubernetes: the job that the first makes and the arguments of both were looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.parameters.words import shown
from pcmphys.study.chunk import program

TIMEOUT = 10.0
"""Seconds that a scheduler and its workers have to answer."""


@contextlib.contextmanager
def connect(scheduler: Any, *, timeout: float = TIMEOUT) -> Iterator[Executor]:
    """An executor for `run`: the workers of a running Dask scheduler.

    The connection ends with the block; scheduler and workers stay.

    Parameters
    ----------
    scheduler : str, path or dask cluster
        Its address ("tcp://host:8786"), the file that it has written (``dask scheduler --scheduler-file``, ending in
        .json), or an object of dask-jobqueue, dask-kubernetes or `distributed.LocalCluster`.
    timeout : float [s]
        How long to wait for an answer, and for the first worker of a scheduler given by its address. A cluster
        object's workers may wait in a queue for as long as they like.

    Raises
    ------
    ParameterError
        Dask is not installed, no such address, no answer, no worker, or workers with another version of pcmphys or
        none.
    """
    timeout = check.number("timeout", timeout, "s", 0.0, low_open=True)
    client = _client(scheduler, timeout)
    try:
        _check_workers(client, scheduler, timeout)
        yield client.get_executor()
    finally:
        with _silenced():
            client.close(timeout=2.0)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Dask logs the loss of a scheduler at length, which by then has been said."""
    loggers = [logging.getLogger(f"distributed.{name}") for name in ("client", "utils")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _client(scheduler: Any, timeout: float):
    try:
        from distributed import Client
    except ImportError:
        raise ParameterError('scheduler: needs Dask, which is not installed: pip install "pcmphys[dask]"') from None
    if isinstance(scheduler, str | os.PathLike):
        scheduler = _address(os.fspath(scheduler))
        # asked without Dask first, whose clients do not come to an end well if nobody is there
        _knock(scheduler, timeout)
    elif not hasattr(scheduler, "scheduler_address"):
        raise _no_scheduler(scheduler)
    try:
        return Client(scheduler, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError):
        raise _silent(scheduler, timeout) from None


def _address(given: str) -> str:
    """The address that a user gives, or that in a scheduler's file."""
    if given.endswith(".json"):
        try:
            address = json.loads(Path(given).expanduser().read_text(encoding="utf-8"))["address"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = getattr(error, "strerror", None) or "it is not one that `dask scheduler --scheduler-file` writes"
            raise ParameterError(f"scheduler: the file {given} cannot be read ({reason})") from None
        return str(address)
    return given if "://" in given else f"tcp://{given}"


def _knock(address: str, timeout: float) -> None:
    """See that a program of Dask listens at an address."""
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import backends

    try:
        protocol, place = parse_address(address)
        host, _ = parse_host_port(place)
    except (ValueError, TypeError):
        raise _no_scheduler(address) from None
    if protocol not in backends or not host:
        raise _no_scheduler(address)
    # in a thread: a notebook has an event loop of its own in this one
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(asyncio.run, _hello(address, timeout)).result()
        except TypeError as error:
            raise ParameterError(f"scheduler: {address}: {error}") from None
        except Exception:  # another program's answer may be anything
            raise _silent(address, timeout) from None


async def _hello(address: str, timeout: float) -> None:
    from distributed.comm import connect as connected
    from distributed.security import Security

    async def greeted() -> None:
        comm = await connected(address, timeout=timeout, **Security().get_connection_args("client"))
        await comm.close()

    await asyncio.wait_for(greeted(), timeout)


def _no_scheduler(given: Any) -> ParameterError:
    return ParameterError(
        f'scheduler must be the address of a Dask scheduler, as "tcp://host:8786", the file that it has written '
        f"(.json), or a Dask cluster; got {shown(given)}"
    )


def _silent(scheduler: Any, timeout: float) -> ParameterError:
    return ParameterError(
        f"scheduler: no Dask scheduler answers at {scheduler} within {timeout:g} s; is it running (`dask scheduler` "
        "says its address), of the same version of Dask, and does every firewall let its port through?"
    )


def _check_workers(client, scheduler: Any, timeout: float) -> None:
    """Wait for a worker, and see that all have the same program as this process."""
    if isinstance(scheduler, str | os.PathLike):
        try:
            client.wait_for_workers(1, timeout=timeout)
        except TimeoutError:
            raise ParameterError(
                f"scheduler: {scheduler} has no workers, and got none within {timeout:g} s; start some: "
                f"dask worker {scheduler} --nthreads 1"
            ) from None
    try:
        found = client.run(program)
    except (ImportError, AttributeError) as error:
        raise ParameterError(
            f"scheduler: workers of {scheduler} cannot load this version of pcmphys ({error}); install it there"
        ) from None
    other = [worker for worker, mark in found.items() if mark != program()]
    if other:
        raise ParameterError(
            f"scheduler: {len(other)} of {len(found)} workers run another version of pcmphys than this process (one is "
            f"{other[0]}); install the same one on all and start them again"
        )

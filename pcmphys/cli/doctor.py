"""The command that looks at the installation: what a report of a fault should say, and what slows a run down."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import typer

from pcmphys.cli import terminal

_SHOWN = ("numpy", "scipy", "numba", "llvmlite", "xarray", "matplotlib")
_EXTRAS = {
    "dask": (("distributed",), "studies on a cluster, pcmphys study --scheduler"),
    "zarr": (("zarr",), "results that are readable while a study runs, pcmphys study --zarr"),
    "readers": (("npTDMS", "openpyxl"), "LabVIEW and Excel files"),
    "torch": (("torch",), "networks of PyTorch on devices: pcmphys.nn, the study of layers"),
    "data": (("mlxtend", "sktime"), "data of the studies of layers and of training"),
    "train": (("scikit-learn",), "training the network of the built-in study anew"),
    "validation": (("badcrossbar", "mpmath"), "python -m validation against other programs"),
}
"""Packages of each extra, and what it is for."""
_PROGRAMS = {"ngspice": "validation against a circuit simulator"}


def examine() -> None:
    """Look at the installation: versions, threads, compiled kernels, extras; say what is wrong and what helps.

    Put what it prints into a report of a fault. It ends with status 1 if pcmphys cannot work as it is installed.

    Example:  pcmphys doctor
    """
    found: list[str] = []
    wrong = [*_versions(found), *_threads(found), *_kernels(found)]
    _extras(found)
    for line in found:
        terminal.say(line)
    for problem in wrong:
        terminal.say(f"problem   {problem}")
    terminal.say("no problem found" if not wrong else f"{len(wrong)} problem{'s' * (len(wrong) > 1)} found")
    if any(problem.startswith("cannot work") for problem in wrong):
        raise typer.Exit(1)


def _versions(found: list[str]) -> Iterator[str]:
    import pcmphys

    found.append(f"pcmphys   {importlib.metadata.version('pcmphys')} in {Path(pcmphys.__file__).parent}")
    found.append(f"python    {platform.python_version()} in {sys.prefix}, {platform.platform()}")
    found.append("packages  " + ", ".join(f"{name} {_version(name) or 'missing'}" for name in _SHOWN))
    yield from _requirements()


def _requirements() -> Iterator[str]:
    """What is missing or too old of what pcmphys needs."""
    from packaging.requirements import Requirement  # matplotlib needs it

    for text in importlib.metadata.requires("pcmphys") or ():
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        version = _version(needed.name)
        if version is None:
            yield f"cannot work: {needed.name} is missing; pip install '{needed.name}{needed.specifier}'"
        elif not needed.specifier.contains(version, prereleases=True):
            yield f"{needed.name} is {version}, pcmphys needs {needed.specifier}: pip install -U '{needed.name}'"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _threads(found: list[str]) -> Iterator[str]:
    import numba

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    used = numba.get_num_threads()
    found.append(f"threads   {cores} cores for this process; kernels use {used} (NUMBA_NUM_THREADS)")
    if used < cores:
        yield (
            f"kernels use {used} of {cores} cores, as NUMBA_NUM_THREADS says; unset it to use all "
            "(right as it is if several programs share this machine)"
        )


def _kernels(found: list[str]) -> Iterator[str]:
    import numba

    from pcmphys.numerics.cache import cache_directory

    if numba.config.DISABLE_JIT:
        found.append("kernels   not compiled")
        yield "NUMBA_DISABLE_JIT is set: kernels run as plain Python, a thousand times slower; unset it"
        return
    folder = cache_directory()
    if folder is None:
        found.append("kernels   no folder holds compiled ones")
        yield (
            "compiled kernels cannot be kept: every start compiles for a minute; set NUMBA_CACHE_DIR to a folder of "
            "your own that can be written"
        )
    else:
        kept = [path.stat().st_size for path in folder.glob("*/*.kernel")]
        found.append(f"kernels   {len(kept)} compiled ones, {sum(kept) / 1e6:.1f} MB, in {folder}")
        free = shutil.disk_usage(folder).free
        if free < 100e6:
            yield f"the disk of {folder} has only {free / 1e6:.0f} MB left, compiled kernels need up to 100 MB"
    try:
        found.append(f"compiler  a small kernel takes {_compiled_in():.2f} s, the first run of a study compiles dozens")
    except Exception as error:
        yield f"cannot work: numba does not compile here ({type(error).__name__}: {error})"


def _compiled_in() -> float:
    """Time [s] that a kernel takes which is compiled here for the first time; the compiler itself is loaded before."""
    import numba

    compiler = numba.njit(nogil=True, error_model="numpy")
    compiler(lambda x: x)(1.0)

    def rise(values, rate):
        total = 0.0
        for value in values:
            total += value * rate
        return total

    start = time.perf_counter()
    compiler(rise)((1.0, 2.0), 0.5)
    return time.perf_counter() - start


def _extras(found: list[str]) -> None:
    for extra, (packages, use) in _EXTRAS.items():
        versions = {name: _version(name) for name in packages}
        if all(versions.values()):
            state = ", ".join(f"{name} {version}" for name, version in versions.items())
        else:
            state = f'not installed: pip install "pcmphys[{extra}]"'
        found.append(f"extra     {extra}: {state} ({use})")
    for program, use in _PROGRAMS.items():
        found.append(f"program   {program}: {shutil.which(program) or 'not found'} ({use})")

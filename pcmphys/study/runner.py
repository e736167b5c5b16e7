"""Run a study: independent chips on any executor, labelled results, finished chips kept until the end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from importlib import metadata
from pathlib import Path

import numpy as np

from pcmphys._files import write_whole
from pcmphys._jit import source_fingerprint, thread_count
from pcmphys.errors import ParameterError
from pcmphys.parameters import cite
from pcmphys.population import load_cell
from pcmphys.study.chip import REFERENCE_BITS, fixed_point_errors, run_chip
from pcmphys.study.network import Network, accuracy, load_network
from pcmphys.study.portrait import portrait
from pcmphys.study.schema import StudyConfig, read_config

Progress = Callable[[int, int], None]


def run(config=None, executor: Executor | None = None, *, directory=None, progress: Progress | None = None):
    """Run a study and return its labelled results.

    Parameters
    ----------
    config : StudyConfig, dict, path or None
        The study; None is the built-in one, `digits`.
    executor : concurrent.futures.Executor, optional
        Where the chips run: a process pool, ``dask.distributed.Client.get_executor()``, ``mpi4py.futures``. The
        results do not depend on it. Default: threads of this process.
    directory : path, optional
        The results are written here as results.nc. Until then finished chips are kept in ``parts``: a study that was
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
    network = load_network(config.network, config.inputs)
    cells = _load_cells(config)
    chips = [(k, chip) for k in range(len(cells)) for chip in range(config.chips)]
    parts = _Parts(directory, config, cells, network)
    steps = len(config.ir_drop) * len(config.times)
    counter = _Counter(len(chips) * steps, progress)
    found = {key: part for key in chips if (part := parts.load(key)) is not None}
    counter.advance(steps * len(found))
    with contextlib.ExitStack() as stack:
        local = executor is None
        if local:
            executor = stack.enter_context(ThreadPoolExecutor(thread_count()))
        futures: dict[Future, tuple[int, int]] = {}
        for k, chip in (key for key in chips if key not in found):
            tick = (counter.tick,) if local else ()  # a callback does not travel to another process
            futures[executor.submit(run_chip, config, cells[k], network, chip, *tick)] = (k, chip)
        try:
            for future in as_completed(futures):
                key = futures[future]
                found[key] = future.result()
                parts.save(key, found[key])
                if not local:
                    counter.advance(steps)
        except BaseException:
            # the first failure ends the study now, not after the chips that are still waiting
            executor.shutdown(wait=False, cancel_futures=True) if local else [f.cancel() for f in futures]
            raise
    result = _assemble(config, network, cells, [found[key] for key in chips])
    if directory is not None:
        save(result, Path(directory) / "results.nc")
        parts.forget()
    return result


def _load_cells(config: StudyConfig) -> list:
    cells = [load_cell(name) for name in config.cells]
    names = [cell.name for cell in cells]
    for k, name in enumerate(names):
        if name in names[:k]:
            raise ParameterError(
                f"cells: {config.cells[names.index(name)]!r} and {config.cells[k]!r} have the same name {name!r}; "
                "give each parameter file a name of its own"
            )
    return cells


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
    """Finished chips on disk; a part counts only for the same settings, technologies, network and program."""

    def __init__(self, directory, config: StudyConfig, cells: list, network: Network):
        self.folder = None if directory is None else Path(directory) / "parts"
        digest = hashlib.sha256()
        for array in (*network.weights, *network.biases, network.inputs, network.labels, network.sample):
            digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        content = "".join(cell.technology.model_dump_json() for cell in cells) + digest.hexdigest()
        self.key = f"{config.digest()}-{source_fingerprint(content)}"
        if self.folder is not None:
            _make_folder(self.folder)

    def _path(self, key: tuple[int, int]) -> Path:
        return self.folder / f"{self.key}-{key[0]:03d}-{key[1]:05d}.npz"

    def load(self, key) -> dict[str, np.ndarray] | None:
        if self.folder is None or not self._path(key).exists():
            return None
        try:
            with np.load(self._path(key), allow_pickle=False) as archive:
                return dict(archive)
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
            return None  # a broken part is a part that is not there

    def save(self, key, part: dict[str, np.ndarray]) -> None:
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
    # before any chip runs: a folder that cannot be written must not cost the whole study
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"directory: {folder} cannot be made ({error.strerror or error})") from None


def _assemble(config: StudyConfig, network: Network, cells: list, parts: list[dict[str, np.ndarray]]):
    import xarray as xr

    def stacked(name: str) -> np.ndarray:
        values = np.stack([part[name] for part in parts])
        return values.reshape(len(config.cells), config.chips, *values.shape[1:])

    reference = fixed_point_errors(network)
    error = stacked("matvec_error")
    pooled = np.sqrt((error**2).mean(axis=-1))
    pooled_reference = np.sqrt((reference**2).mean())
    with np.errstate(divide="ignore"):
        bits = REFERENCE_BITS - np.log2(pooled / pooled_reference)
    run_axes = ("cell", "chip", "wires", "compensation", "time")
    variables = {
        "accuracy": (run_axes, stacked("accuracy"), "1", "fraction of test inputs classified right"),
        "matvec_error": (run_axes, pooled, "1", "relative error of the matrix-vector products, rms over layers"),
        "effective_bits": (run_axes, bits, "bit", "resolution at which fixed point errs as much"),
        "layer_error": ((*run_axes, "layer"), error, "1", "relative error of each layer's product for exact inputs"),
        "gain": (("cell", "chip", "wires", "time", "layer"), stacked("gain"), "1", "mean drift-compensation gain"),
        "adc_clipped": (("cell", "chip", "wires", "layer"), stacked("adc_clipped"), "1", "conversions clipped"),
        "programming_error": (("cell", "chip", "layer"), stacked("programming_error"), "1", "rms error / largest G"),
        "targets_clipped": (("cell", "chip", "layer"), stacked("targets_clipped"), "1", "targets outside the range"),
        "fixed_point_error": (("layer",), reference, "1", f"relative error in {REFERENCE_BITS}-bit fixed point"),
        "digital_accuracy": ((), accuracy(network.activations(network.inputs)[-1], network.labels), "1", "float64"),
        **portrait(config, cells, network),
    }  # fmt: skip
    data = {
        name: (axes, np.asarray(values, dtype=float), {"units": unit, "long_name": text})
        for name, (axes, values, unit, text) in variables.items()
    }
    coordinates = {
        "cell": [cell.name for cell in cells],
        "chip": ("chip", np.arange(config.chips), {"units": "1"}),
        "wires": ["IR drop" if on else "ideal" for on in config.ir_drop],
        "compensation": ["on" if on else "off" for on in config.compensation],
        "time": ("time", np.array(config.times), {"units": "s", "long_name": "time since programming"}),
        "layer": ("layer", np.arange(1, len(network.weights) + 1), {"units": "1"}),
    }
    return xr.Dataset(
        data,
        coordinates,
        {
            "title": f"pcmphys study of {config.network}",
            "settings": config.model_dump_json(),
            "pcmphys_version": metadata.version("pcmphys"),
            "technologies": json.dumps([cell.technology.model_dump() for cell in cells]),
            "references": "\n\n".join(cite(cell) for cell in cells),
        },
    )


def save(dataset, path) -> Path:
    """Write a study's results as NetCDF, whole or not at all."""
    return write_whole(path, lambda temporary: dataset.to_netcdf(temporary, engine="h5netcdf"))

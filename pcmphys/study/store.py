"""Results in a zarr store: written as each part is finished, readable while the study runs, never all in memory.

What is not there yet is NaN, and the attribute ``unfinished_parts`` counts it; a finished store has no such attribute.
Every piece on disk is whole (zarr writes it beside its place and renames it) and carries a checksum: a damaged one is
an error of whoever reads it, not a wrong number.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics.parts import Part
from pcmphys.study.placed import PlacedPlan
from pcmphys.study.plan import Key, Plan
from pcmphys.study.results import check_same_study
from pcmphys.study.settings import Settings

if TYPE_CHECKING:
    import xarray as xr

FOLDER = "results.zarr"
"""Name of the store in a study's folder."""
_UNFINISHED = "unfinished_parts"


def check_possible(plan: Plan, directory: object) -> None:
    """Refuse a store for a study that cannot have one.

    Raises
    ------
    ParameterError
        No directory, a kind of study whose chunks fill no places, or zarr is not installed.
    """
    if directory is None:
        raise ParameterError('store: "zarr" writes into the study\'s folder; give a directory')
    if not isinstance(plan, PlacedPlan):
        raise ParameterError(
            f"store: results of a study of kind {plan.config.study!r} are put together at its end, not meanwhile; "
            'leave out --zarr (store="netcdf")'
        )
    try:
        import zarr  # noqa: F401
    except ImportError:
        raise ParameterError(
            'store: "zarr" needs the package zarr, which is not installed: pip install "pcmphys[zarr]"'
        ) from None


def open_store(path: str | Path) -> xr.Dataset:
    """Results of a store as they are now, finished or not; numbers are read when they are used.

    Parameters
    ----------
    path : path
        The folder results.zarr of a study's directory.

    Raises
    ------
    ParameterError
        It is no such store.
    """
    import xarray as xr

    try:
        with _quiet():
            found = xr.open_zarr(Path(path), consolidated=False, chunks=None)
    except (OSError, ValueError, KeyError) as error:
        raise ParameterError(f"{path}: cannot be read as a zarr store ({error})") from None
    # text has a fixed width in a data set that was never on disk
    text = {
        name: (values.dims, np.array(values.values.tolist(), dtype=str), values.attrs)
        for name, values in found.coords.items()
        if values.dtype.kind in "OT"
    }
    found = found.assign_coords(text)
    found.encoding.pop("source", None)
    return found


class Store:
    """The store of one run of a study.

    It is made in the folder of parts and takes its place, with all that had been finished before, in one step.
    """

    def __init__(self, folder: Path, plan: PlacedPlan, mark: str):
        self.path: Path = folder / FOLDER
        self._parts = folder / "parts"
        self._plan = plan
        self._mark = mark
        self._left = len(plan.chunks)
        self._published = False

    def already_there(self, config: Settings, *, overwrite: bool = False) -> xr.Dataset | None:
        """Results of this very study, see `pcmphys.study.results.already_there`; one that is unfinished goes on."""
        if not self.path.exists():
            return None
        try:
            found = open_store(self.path)
        except ParameterError:
            raise ParameterError(f"directory: {self.path} is no store of results; move it away") from None
        if not check_same_study(self.path, found, config, self._mark, overwrite=overwrite):
            return None
        if _UNFINISHED in found.attrs:
            return None
        found.encoding["source"] = str(self.path)
        return found

    def begin(self) -> None:
        """Make the store, all of it NaN."""
        import zarr

        made = self._parts / FOLDER
        shutil.rmtree(made, ignore_errors=True)
        with _quiet():
            _writable(self._plan.labelled({})).to_zarr(made, mode="w", zarr_format=3, consolidated=False)
            self._group = zarr.open_group(made, mode="r+")
            for name, one in self._plan.layout().items():
                self._group.create_array(
                    name,
                    shape=one.shape,
                    chunks=tuple(max(length, 1) for length in one.chunk or one.shape) or (),
                    dtype="float64",
                    fill_value=np.nan,
                    compressors=[zarr.codecs.ZstdCodec(level=1), zarr.codecs.Crc32cCodec()],
                    dimension_names=one.axes,
                    attributes={"units": one.unit, "long_name": one.text},
                )
        self._group.attrs["fingerprint"] = self._mark

    def keep(self, key: Key, part: Part) -> None:
        """Write the part of a chunk to its places."""
        for name, (index, values) in self._plan.place(key, part).items():
            self._group[name][index] = values
        self._left -= 1
        if self._published:
            self._group.attrs[_UNFINISHED] = self._left

    def publish(self) -> None:
        """Let the store take its place."""
        import zarr

        self._group.attrs[_UNFINISHED] = self._left
        old = self._parts / f"old-{FOLDER}"
        shutil.rmtree(old, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(self.path, old)
        os.replace(self._parts / FOLDER, self.path)
        shutil.rmtree(old, ignore_errors=True)
        self._group = zarr.open_group(self.path, mode="r+")
        self._published = True

    def finish(self) -> xr.Dataset:
        """Write what needs all parts, and say that the store is finished; its data set."""
        with _quiet():
            closing = self._plan.labelled(self._plan.closing(_Filled(self._group)))
            coordinates = [name for name in closing.variables if name not in closing.data_vars]
            new = closing.drop_vars([name for name in coordinates if name in self._group])
            if new.variables:
                _writable(new).drop_attrs(deep=False).to_zarr(self.path, mode="a", zarr_format=3, consolidated=False)
        self._group.attrs.update(closing.attrs)
        del self._group.attrs[_UNFINISHED]
        return open_store(self.path)

    def remove_leftovers(self) -> None:
        """Remove what a killed run has left half made."""
        for name in (FOLDER, f"old-{FOLDER}"):
            shutil.rmtree(self._parts / name, ignore_errors=True)


class _Filled(dict):
    """Variables of a store by name, read when asked for."""

    def __init__(self, group):
        super().__init__()
        self._group = group

    def __missing__(self, name: str) -> np.ndarray:
        return self._group[name][...]


def _writable(dataset: xr.Dataset) -> xr.Dataset:
    """Text as zarr has a stable form for."""
    return dataset.assign_coords(
        {name: values.astype(object) for name, values in dataset.coords.items() if values.dtype.kind == "U"}
    )


@contextlib.contextmanager
def _quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification")
        # what another process is just writing
        warnings.filterwarnings("ignore", message=".*partial is not recognized as a component")
        yield

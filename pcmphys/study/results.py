"""The file of a study's results: written whole, known again, never replaced by another study's without a word."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from pcmphys.errors import ParameterError
from pcmphys.numerics.files import sealed, unsealed, write_whole
from pcmphys.study.settings import Settings

if TYPE_CHECKING:
    import xarray as xr

FILE = "results.nc"
"""Name of the file in a study's folder."""


def save(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write a study's results as NetCDF, whole or not at all."""
    # in memory: where the disk is full, the HDF5 library cannot close its file and takes the interpreter with it
    stream = io.BytesIO()
    dataset.to_netcdf(stream, engine="h5netcdf")
    return write_whole(path, sealed(stream.getvalue()))


def already_there(folder: Path, config: Settings, fingerprint: str, *, overwrite: bool = False) -> xr.Dataset | None:
    """Results of this very study that lie in a folder; None if there are none and new ones may be written.

    Raises
    ------
    ParameterError
        The folder holds something else under their name, and ``overwrite`` does not say that it may go.
    """
    path = folder / FILE
    if not path.exists():
        return None
    found = _read(path)
    if not check_same_study(path, found, config, fingerprint, overwrite=overwrite) or found is None:
        return None
    found.encoding["source"] = str(path)
    return found


def check_same_study(
    path: Path, found: xr.Dataset | None, config: Settings, fingerprint: str, *, overwrite: bool
) -> bool:
    """Whether what was found in a study's folder (None: it cannot be read) is of this study and version.

    Raises
    ------
    ParameterError
        It is something else, and ``overwrite`` does not say that it may go.
    """
    if found is None or found.attrs.get("settings") != config.model_dump_json():
        if overwrite:
            return False
        what = "is damaged, changed since, or no file of results"
        if found is not None:
            what = f"holds the results of another study ({found.attrs.get('title')})"
        raise ParameterError(
            f"directory: {path} {what}; give another folder, move it away, or replace it (overwrite=True)"
        )
    if found.attrs.get("fingerprint") != fingerprint:
        warnings.warn(
            f"{path} is of another version of pcmphys, of the network or of a cell; it is computed anew and replaced",
            stacklevel=2,
        )
        return False
    return True


def _read(path: Path) -> xr.Dataset | None:
    import xarray as xr

    whole = unsealed(path.read_bytes())  # anything else may take the HDF5 library down
    return None if whole is None else xr.load_dataset(io.BytesIO(whole), engine="h5netcdf")

"""Results as labelled arrays of xarray, every variable with its axes, unit and meaning, and as tables of pandas."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Variables = Mapping[str, tuple[tuple[str, ...], Any, str, str]]
"""By name: axes, values, unit and meaning; None as values leaves a variable out."""


_WITHOUT_UNIT = ("1", "", "see the coordinate unit")


class Labelled(ABC):
    """What leaves as labelled arrays (`to_dataset`) and as a table (`to_dataframe`); a result says what it holds."""

    table_axes: ClassVar[tuple[str, ...] | None] = None
    """Axes along which a table has its rows; None: those of the variable with the most."""

    @abstractmethod
    def to_dataset(self) -> xr.Dataset:
        """All of it as an `xarray.Dataset`, units and meanings as attributes; ``to_netcdf`` writes it to a file."""

    def to_dataframe(self) -> pd.DataFrame:
        """As a ``DataFrame`` of pandas with units in the names of its columns; ``to_csv`` writes it to a file.

        One row for each place along the axes of the index. What lies along fewer axes is repeated, what lies along
        others is left to `to_dataset`; what is said of all is in ``attrs``.

        Raises
        ------
        ParameterError
            pandas is not installed.
        """
        require_pandas()
        return frame(self.to_dataset(), self.table_axes)


def require_pandas() -> None:
    """Say how to get pandas where it is not installed."""
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise ParameterError("to_dataframe needs pandas: pip install pandas") from None


def frame(found: xr.Dataset, axes: tuple[str, ...] | None = None) -> pd.DataFrame:
    """A table of what lies along some axes of a data set, see `Labelled.to_dataframe`.

    Examples
    --------
    >>> found = dataset("two cells", {"g": (("device",), [1e-6, 2e-6], "S", "conductance"), "n": ((), 2, "1", "cells")})
    >>> frame(found).to_dict("list")
    {'g [S]': [1e-06, 2e-06], 'n': [2, 2]}
    """
    if axes is None:
        axes = max((tuple(map(str, one.dims)) for one in found.data_vars.values()), key=len, default=())
    scalars = [axis for axis in axes if axis not in found.dims and axis in found.coords]
    found = found.expand_dims(scalars) if scalars else found
    axes = tuple(axis for axis in axes if axis in found.dims)
    kept = found[[name for name, one in found.data_vars.items() if set(one.dims) <= set(axes)]]
    kept = kept.drop_vars([name for name, one in kept.coords.items() if not set(one.dims) <= set(axes)])
    units = {name: one.attrs.get("units", "") for name, one in kept.variables.items()}
    if axes:
        table = kept.to_dataframe(dim_order=list(axes))
    else:
        table = kept.expand_dims("row").to_dataframe().reset_index(drop=True)
    names = {name: name if unit in _WITHOUT_UNIT else f"{name} [{unit}]" for name, unit in units.items()}
    table = table.rename(columns=names).rename_axis(index=[names.get(name, name) for name in table.index.names])
    table.attrs = dict(found.attrs)
    return table


def dataset(
    title: str, variables: Variables, coordinates: Mapping[str, Any] | None = None, **attributes: Any
) -> xr.Dataset:
    """A data set that a NetCDF file can hold; xarray is loaded now, not before.

    Parameters
    ----------
    title : str
    variables : dict
        By name: axes, values, unit and meaning.
    coordinates : dict, optional
        As ``variables``; values of an axis.
    **attributes
        Text and numbers; what is None is left out.

    Examples
    --------
    >>> found = dataset("two cells", {"g": (("device",), [1e-6, 2e-6], "S", "conductance")})
    >>> found.g.attrs
    {'units': 'S', 'long_name': 'conductance'}
    """
    import xarray as xr

    def made(entries: Mapping[str, Any]) -> dict[str, xr.Variable]:
        return {
            name: xr.Variable(axes, np.array(values), {"units": unit, "long_name": text})
            for name, (axes, values, unit, text) in entries.items()
            if values is not None
        }

    own = {name: value for name, value in attributes.items() if value is not None}
    attributes = {"title": title, "pcmphys_version": metadata.version("pcmphys"), **own}
    return xr.Dataset(made(variables), made(coordinates or {}), attributes)


def axes_of(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names for the axes of devices of this shape.

    Examples
    --------
    >>> axes_of((5,)), axes_of((2, 3)), axes_of((4, 2, 3))
    (('device',), ('row', 'column'), ('array', 'row', 'column'))
    """
    known = {1: ("device",), 2: ("row", "column"), 3: ("array", "row", "column")}
    return known.get(len(shape), tuple(f"axis_{k}" for k in range(len(shape))))

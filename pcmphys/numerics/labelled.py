"""Results as labelled arrays (`xarray.Dataset`): every variable with its axes, unit and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

Variables = Mapping[str, tuple[tuple[str, ...], Any, str, str]]
"""By name: axes, values, unit and meaning; None as values leaves a variable out."""


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

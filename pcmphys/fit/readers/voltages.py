"""The voltage at which currents were read: declared, measured beside them, or stated before the table."""

from __future__ import annotations

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.columns import Declared, Roles
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.values import numbers


def voltages(grid: Grid, roles: Roles, said: Declared | None, shape: tuple[int, int]) -> tuple[np.ndarray, str, str]:
    """Read voltage [V] of each measured column and row; what it is, and who says so."""
    if said is not None and isinstance(said.value, float):
        _check_against_file(grid, roles, said.value, shape)
        return np.full(shape, said.value), f"{said.value:g} V", said.by
    if roles.voltages:
        if len(roles.voltages) not in (1, shape[0]):
            raise ParameterError(
                f"{grid.where}: {len(roles.voltages)} columns of voltages for {shape[0]} of currents; name one, or one "
                "for each: voltage="
            )
        found = np.array([numbers(grid, column).values for column in roles.voltages])
        return (
            np.broadcast_to(found, shape),
            f"measured, {', '.join(one.header for one in roles.voltages[:4])}",
            roles.voltages[0].by,
        )
    if "voltage" in grid.lists:
        return _listed(grid, roles, shape)
    raise ParameterError(
        f"{grid.where}: {roles.measured[0].header!r} is a current, and the read voltage is not in the file; declare "
        "it, voltage=0.2 [V] or voltage='name of its column[V]'"
    )


def _check_against_file(grid: Grid, roles: Roles, said: float, shape: tuple[int, int]) -> None:
    """Refuse a voltage that the file itself contradicts."""
    if "voltage" in grid.lists:
        listed, *_ = _listed(grid, roles, shape)
        if not np.isclose(listed, said, rtol=1e-6).all():
            raise ParameterError(
                f"{grid.where}: voltage is declared as {said:g} V, and the lines before the table say "
                f"{listed.flat[0]:g} V; leave it out, or mend the file"
            )


def _listed(grid: Grid, roles: Roles, shape: tuple[int, int]) -> tuple[np.ndarray, str, str]:
    values, names = grid.lists["voltage"], grid.lists.get("voltage_of")
    try:
        listed = [float(value) for value in values]
    except ValueError:
        raise ParameterError(
            f"{grid.where}: the read voltages before the table are no numbers ({', '.join(values)}); declare voltage="
        ) from None
    known = dict(zip(names, listed)) if names is not None else {}
    if names is None:
        listed = listed * shape[0] if len(listed) == 1 else listed
        known = {column.header: value for column, value in zip(roles.measured, listed)}
    lost = next((column.header for column in roles.measured if column.header not in known), None)
    if lost is not None:
        raise ParameterError(
            f"{grid.where}: no read voltage of {lost!r} stands before the table (there is {', '.join(known)}); declare "
            "voltage="
        )
    found = np.array([known[column.header] for column in roles.measured])
    return (
        np.broadcast_to(found[:, None], shape),
        f"{', '.join(f'{one:g}' for one in found[:4])} V",
        "lines before the table",
    )

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
        _check_against_file(grid, roles, said.value)
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


def _check_against_file(grid: Grid, roles: Roles, said: float) -> None:
    """Refuse a voltage that the file itself contradicts."""
    for header, stated in _stated(grid, roles).items():
        if stated is not None and abs(stated - said) > 1e-6 * abs(said):
            raise ParameterError(
                f"{grid.where}: voltage is declared as {said:g} V, and the lines before the table say {stated:g} V for "
                f"{header!r}; leave it out, or mend the file"
            )


def _stated(grid: Grid, roles: Roles) -> dict[str, float | None]:
    """The voltage of each measured column in the lines before the table; None where there is none."""
    values, names = grid.lists.get("voltage", []), grid.lists.get("voltage_of")
    headers = [column.header for column in roles.measured]
    if names is None:
        names = headers
        values = values * len(headers) if len(values) == 1 else values
    known = dict(zip(names, values))
    return {header: _number(known.get(header, ""), grid.decimal) for header in headers}


def _number(text: str, decimal: str) -> float | None:
    try:
        return float(text.replace(",", ".") if decimal == "," else text)
    except ValueError:
        return None


def _listed(grid: Grid, roles: Roles, shape: tuple[int, int]) -> tuple[np.ndarray, str, str]:
    stated = _stated(grid, roles)
    lost = next((header for header, value in stated.items() if value is None), None)
    if lost is not None:
        raise ParameterError(
            f"{grid.where}: the lines before the table state read voltages ({', '.join(grid.lists['voltage'])}), but "
            f"none for {lost!r}; declare voltage= [V]"
        )
    found = np.array([stated[column.header] for column in roles.measured], dtype=float)
    different = ", ".join(f"{one:g} V" for one in dict.fromkeys(found.tolist()))
    return np.broadcast_to(found[:, None], shape), different, "lines before the table"

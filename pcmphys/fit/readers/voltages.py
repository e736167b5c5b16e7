"""The voltage at which currents were read: declared, measured beside them, or stated before the table."""

from __future__ import annotations

import re

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.columns import Column, Declared, Roles
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
        partners = _partners(roles)
        found = np.array([numbers(grid, column).values for column in partners])
        named = ", ".join(one.header for one in partners[:4])
        return np.broadcast_to(found, shape), f"measured, {named}", partners[0].by
    if "voltage" in grid.lists:
        return _listed(grid, roles, shape)
    raise ParameterError(
        f"{grid.where}: {roles.measured[0].header!r} is a current, and the read voltage is not in the file; declare "
        "it, voltage=0.2 [V] or voltage='name of its column[V]'"
    )


def _partners(roles: Roles) -> list[Column]:
    """The columns of voltages in the order of the currents: by what their names share (V1 of I1), else as they come."""
    places = {_stem(column.name): column for column in roles.voltages}
    stems = [_stem(column.name) for column in roles.measured]
    if len(places) == len(roles.voltages) == len(set(stems)) and set(places) == set(stems):
        return [places[stem] for stem in stems]
    return roles.voltages


def _stem(name: str) -> str:
    """A name without what says that it is a voltage or a current."""
    words = re.sub(r"voltage|current|volt|amp", "", name.casefold())
    return re.sub(r"(?<![a-z])[viu](?![a-z])|[^a-z0-9]", "", words)


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

"""Single devices as ngspice subcircuits: the I-V of their present state, with age and temperature as parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import singledispatch
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pcmphys.cells import MushroomLook, StatisticalLook
from pcmphys.cells.protocol import Devices, Look, are_devices, is_look
from pcmphys.constants import BOLTZMANN
from pcmphys.errors import ParameterError
from pcmphys.numerics.files import write_whole
from pcmphys.physics import relaxation
from pcmphys.physics.conduction.laws import bending_field, crowding
from pcmphys.physics.state import (
    DOME_DRIFT,
    DOME_RESISTANCE,
    FILM_DRIFT,
    FILM_RESISTANCE,
    RADIUS,
    SECTORS,
    SHUNT,
    THICKNESS,
)

_TRACE = 1e-12  # of a dome, over the resistance of the films, as `physics.conduction.solve` has it
_LEAST_FILMS = 1e-6  # ohm: ngspice has no resistor of zero
_SMALL = 0.01  # time over the glass's time constant below which a series stands for 1 - e^-x


def ngspice_devices(devices: Devices | Look, path: str | Path | None = None, *, name: str = "pcm") -> str:
    """Write devices as a library of ngspice subcircuits, one each: a Monte-Carlo list of the present population.

    ``.include`` the file, and device k is ``X1 word bit <name>_<k> age=3600 kelvin=320``: from word to bit line, its
    glass as old as it will be 3600 s [s] from now at the cell's ambient temperature, its currents at 320 K.

    Parameters
    ----------
    devices : population or look
        Devices of any shape, counted along the last axis first; a look keeps its own temperature as the default.
    path : str or path, optional
        Where to write the library; the file is written whole or not at all.
    name : str
        What the subcircuits are called, before their number: letters, digits, underscores.

    Returns
    -------
    str
        The library.

    Raises
    ------
    ParameterError
        No devices, devices of a kind without a netlist, a name that ngspice forbids, a folder that cannot be written.

    Notes
    -----
    *Statistical devices* are resistors: conductance by drift exponent and age; temperature changes nothing.

    *Mushroom devices* have their whole off-state: 16 sectors, each a dome (a behavioural source) in series with its
    films and beside its liner, all behind heater, leads and contact; activation and drift by age and temperature are in
    the subcircuit's own parameters. Held against `MushroomLook.current` to 1e-6.

    Not in the netlist: noise; switching (the threshold voltage of each device is in its head); crystallization, so that
    ages hold where the devices stay cold.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-statistical").population(2, seed=1)
    >>> report = devices.program([5e-6, 20e-6])
    >>> devices.wait(20.0)
    >>> library = ngspice_devices(devices)
    >>> [line.split()[1] for line in library.splitlines() if line.startswith(".subckt")]
    ['pcm_0', 'pcm_1']
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ParameterError(f"name must begin with a letter and hold letters, digits, underscores; got {name!r}")
    if are_devices(devices):
        look: Any = devices.now()
    elif is_look(devices):
        look = devices
    else:
        raise ParameterError(
            f"devices must be a population or a look at one; got {type(devices).__name__} (pcm.export.ngspice writes "
            "crossbars)"
        )
    if np.prod(look.shape, dtype=int) == 0:
        raise ParameterError("devices: there are none to write")
    lines = [
        f"* pcmphys: {np.prod(look.shape, dtype=int)} devices of {look.cell.name!r}, {look.time:.6g} s on their clock"
    ]
    lines += ["* word line, bit line; age: time from now on [s]; kelvin: temperature of the currents [K]"]
    for k, body in enumerate(_bodies(look)):
        lines += body.head
        lines += [f".subckt {name}_{k} p n age=0 kelvin={body.kelvin!r}", *body.lines, ".ends", ""]
    text = "\n".join(lines)
    if path is not None:
        try:
            write_whole(path, text.encode("ascii", "replace"))
        except OSError as error:
            raise ParameterError(f"path: cannot write {path}: {error}") from None
    return text


class _Body(NamedTuple):
    """A subcircuit: comments above it, its default temperature [K], and its lines."""

    head: list[str]
    kelvin: float
    lines: list[str]


@singledispatch
def _bodies(look: Any) -> Iterator[_Body]:
    raise ParameterError(f"devices: ngspice has no netlist for a {type(look).__name__}")


@_bodies.register
def _(look: StatisticalLook) -> Iterator[_Body]:
    start, kelvin = look.cell.reference_time, float(look.cell.parameters.temperature)
    flat = (np.ravel(part) for part in (look.conductance, look.drift_exponent, look.age))
    for g, nu, age in zip(*flat, strict=True):
        head = [f"* {g:.6g} S, drift exponent {nu:.6g}"]
        if g == 0.0:
            yield _Body(head, kelvin, ["Bopen p n I = 0"])
            continue
        since = f"ln(max({float(age)!r}+age,{start!r})/{max(float(age), start)!r})"
        lines = [f".param ohm={{exp({float(nu)!r}*{since})/{float(g)!r}}}", "Rdevice p n {ohm}"]
        yield _Body(head, kelvin, lines)


@_bodies.register
def _(look: MushroomLook) -> Iterator[_Body]:
    p = look.cell.parameters.pack()
    threshold = np.ravel(look.threshold_voltage)
    conductance = np.ravel(look.conductance)
    for i in range(look.size):
        head = [f"* {conductance[i]:.6g} S at {look.cell.read_voltage:g} V, threshold {threshold[i]:.4g} V"]
        yield _Body(head, float(look.temperature), [*_glass(p), *_sectors(look, i, p)])


def _glass(p: Any) -> list[str]:
    """Parameters that all sectors share: activations, and the part of the glass's time constant that passes."""
    c, r = p.conduction, p.relaxation
    rest = relaxation.age_of(relaxation.floor(r.kept, r), r)

    def activated(energy: float) -> str:
        return f"exp({energy / BOLTZMANN!r}*(1/kelvin-1/{c.reference_temperature!r}))"

    part = f"{{age/{rest!r}}}"
    gained = f"part < {_SMALL} ? age*(1-part*(0.5-part*(1/6-part*(1/24-part/120)))) : {rest!r}*(1-exp(-part))"
    return [
        f".param domes={{{activated(c.amorphous_activation)}}}",
        f".param films={{{activated(c.boundary_activation)}}}",
        f".param part={part}",
        f".param gained={{{gained}}}",
        f".param lost={{{r.kept!r}/kelvin}}",
    ]


def _sectors(look: MushroomLook, i: int, p: Any) -> Iterator[str]:
    """Elements of device i: y<s> is the node whose voltage is the reduced voltage over the dome of sector s."""
    state, r, c = look.state, p.relaxation, p.conduction
    power = "kelvin*kelvin" if c.poole_frenkel else "kelvin"
    own, sector = state.device[i].astype(float), state.sector[i].astype(float)
    series = p.heat.on_resistance + c.series_resistance + float(state.contact[i])
    yield f"Rheater p i {series!r}"
    closed = []
    for s in range(SECTORS):
        nu_dome = relaxation.drift_exponent(r.dome_exponent, own[DOME_DRIFT], float(state.deviate[i, 0, s]), r)
        nu_film = relaxation.drift_exponent(r.boundary_exponent, own[FILM_DRIFT], float(state.deviate[i, 1, s]), r)
        dome, film = float(sector[DOME_RESISTANCE, s]), float(sector[FILM_RESISTANCE, s])
        thickness = float(sector[THICKNESS, s])
        bend = bending_field(1.0, c) * max(thickness, c.least_thickness)
        crowded = crowding(thickness, p.geometry.heater_radius * own[RADIUS])
        yield f".param e{s}={{lost*ln(({float(state.age[i, s])!r}*exp(-part)+gained)/{r.youngest!r})}}"
        yield f".param f{s}={{{film!r}*films*exp({nu_film!r}*e{s})}}"
        yield f".param d{s}={{max({dome!r}*domes*exp({nu_dome!r}*e{s}),{_TRACE!r}*f{s})}}"
        yield f".param v{s}={{{bend!r}*{power}}}"
        yield f"Rfilms{s} i d{s} {{max(f{s},{_LEAST_FILMS!r})}}"
        carried, dropped = _law(c, f"v(y{s})", crowded)
        yield f"Bdome{s} d{s} n I = {{v{s}/d{s}}}*{carried}"
        yield f"By{s} 0 y{s} I = v(d{s},n)/{{v{s}}}-({dropped})"
        if sector[SHUNT, s] > 0.0:
            yield f"Rliner{s} i n {1.0 / float(sector[SHUNT, s])!r}"
        if c.edge_conductance > 0.0 and dome > 0.0:
            closed.append(f"{dome / (dome + film)!r}*exp(-{nu_dome!r}*e{s})")
    if closed:
        yield f".param edge={{{c.edge_conductance / SECTORS!r}*({'+'.join(closed)})/domes}}"
        yield "Bedge i n I = {edge}*v(i,n)"


def _law(c: Any, y: str, crowded: float) -> tuple[str, str]:
    """Current over s F_0 and voltage over F_0 u of a dome at the reduced field y, as `physics.conduction` has them."""
    if c.poole_frenkel:
        root = f"sqrt(abs({y}))"
        return f"{y}*exp({root})", f"{y}*(1-{2.0 * crowded!r}*{root}*(3+{root})/(2+{root})^3)"
    # ngspice takes powers of the magnitude
    return f"sinh({y})", f"{y}-{crowded!r}*tanh({y})*tanh({y})*tanh({y})"

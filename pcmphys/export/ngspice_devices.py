"""Single devices as ngspice subcircuits: the I-V of their present state, with age and temperature as parameters."""

from __future__ import annotations

import math
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
from pcmphys.numerics import check
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

_LEAST_FILMS = 1e-6  # ohm: ngspice has no resistor of zero
_SMALL = 0.01  # time over the glass's time constant below which a series stands for 1 - e^-x


def ngspice_devices(
    devices: Devices | Look, path: str | Path | None = None, *, name: str = "pcm", ageing: bool = True
) -> str:
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
    ageing : bool
        False leaves the parameters out and writes the numbers of this moment and temperature: of a hundred devices,
        which ngspice then reads in a tenth of the time.

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
    if ageing:
        lines += ["* word line, bit line; age: time from now on [s]; kelvin: temperature of the currents [K]"]
    for k, body in enumerate(_bodies(look, bool(check.flags("ageing", ageing, ())))):
        given = f" age=0 kelvin={body.kelvin!r}" if ageing else ""
        lines += [*body.head, f".subckt {name}_{k} p n{given}", *body.lines, ".ends", ""]
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
def _bodies(look: Any, ageing: bool) -> Iterator[_Body]:
    raise ParameterError(f"there is no ngspice netlist for a {type(look).__name__}")


@_bodies.register
def _(look: StatisticalLook, ageing: bool) -> Iterator[_Body]:
    start, kelvin = look.cell.reference_time, float(look.cell.parameters.temperature)
    flat = (np.ravel(part) for part in (look.conductance, look.drift_exponent, look.age))
    for g, nu, age in zip(*flat, strict=True):
        head = [f"* {g:.6g} S, drift exponent {nu:.6g}"]
        if g == 0.0:
            yield _Body(head, kelvin, ["Bopen p n I = 0"])
            continue
        if not ageing:
            yield _Body(head, kelvin, [f"Rdevice p n {1.0 / float(g)!r}"])
            continue
        since = f"ln(max({float(age)!r}+age,{start!r})/{max(float(age), start)!r})"
        lines = [f".param ohm={{exp({float(nu)!r}*{since})/{float(g)!r}}}", "Rdevice p n {ohm}"]
        yield _Body(head, kelvin, lines)


@_bodies.register
def _(look: MushroomLook, ageing: bool) -> Iterator[_Body]:
    p = look.cell.parameters.pack()
    threshold = np.ravel(look.threshold_voltage)
    conductance = np.ravel(look.conductance)
    shared = _glass(p) if ageing else []
    for i in range(look.size):
        head = [f"* {conductance[i]:.6g} S at {look.cell.read_voltage:g} V, threshold {threshold[i]:.4g} V"]
        device = _Device(look, i, p)
        yield _Body(head, float(look.temperature), [*shared, *_elements(device, ageing)])


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


class _Device:
    """Numbers of one device and its sectors at the moment and temperature of a look."""

    def __init__(self, look: MushroomLook, i: int, p: Any):
        state, r, c = look.state, p.relaxation, p.conduction
        self.p = p
        own, sector = state.device[i].astype(float), state.sector[i].astype(float)
        self.series = float(p.heat.on_resistance + c.series_resistance + float(state.contact[i]))
        self.kelvin = float(look.temperature)
        self.age = state.age[i].astype(float)
        self.dome, self.film, self.shunt = sector[DOME_RESISTANCE], sector[FILM_RESISTANCE], sector[SHUNT]
        deviates = state.deviate[i].astype(float)
        self.dome_exponent = [relaxation.drift_exponent(r.dome_exponent, own[DOME_DRIFT], z, r) for z in deviates[0]]
        self.film_exponent = [
            relaxation.drift_exponent(r.boundary_exponent, own[FILM_DRIFT], z, r) for z in deviates[1]
        ]
        self.bend = bending_field(1.0, c) * np.maximum(sector[THICKNESS], c.least_thickness)
        radius = p.geometry.heater_radius * own[RADIUS]
        self.crowding = [float(crowding(float(thickness), radius)) for thickness in sector[THICKNESS]]

    def now(self, s: int) -> tuple[float, float, float, float]:
        """Resistances [ohm] of films and dome, voltage [V] at which the dome bends, and its drift, of sector s."""
        c, r = self.p.conduction, self.p.relaxation
        inverse = (1.0 / self.kelvin - 1.0 / c.reference_temperature) / BOLTZMANN
        elapsed = r.kept / self.kelvin * math.log(self.age[s] / r.youngest)
        film = self.film[s] * math.exp(c.boundary_activation * inverse + self.film_exponent[s] * elapsed)
        drifted = math.exp(self.dome_exponent[s] * elapsed)
        dome = self.dome[s] * math.exp(c.amorphous_activation * inverse) * drifted
        bend = self.bend[s] * (self.kelvin**2 if c.poole_frenkel else self.kelvin)
        return float(film), float(dome), float(bend), drifted


def _elements(device: _Device, ageing: bool) -> Iterator[str]:
    """Elements of a device: y<s> is the node whose voltage is the reduced voltage over the dome of sector s.

    Resistances are formulas of the subcircuit's parameters, or, without ``ageing``, the numbers of now.
    """
    c, edge = device.p.conduction, []
    yield f"Rheater p i {device.series!r}"
    for s in range(SECTORS):
        dome, film = float(device.dome[s]), float(device.film[s])
        if ageing:
            yield from _ageing(device, s)
            texts = f"{{max(f{s},{_LEAST_FILMS!r})}}", f"{{v{s}/d{s}}}", f"{{v{s}}}"
            drifted = f"exp({device.dome_exponent[s]!r}*e{s})"
        else:
            films, ohm, volt, grown = device.now(s)
            texts = repr(max(films, _LEAST_FILMS)), repr(volt / ohm if ohm else 0.0), repr(volt)
            drifted = repr(grown)
        yield from _sector(c, s, texts, device.crowding[s] if dome else None)
        if dome:
            edge.append(f"{dome / (dome + film)!r}/{drifted}")
        if device.shunt[s] > 0.0:
            yield f"Rliner{s} i n {float(1.0 / device.shunt[s])!r}"
    if c.edge_conductance > 0.0 and edge:
        activated = (
            "domes"
            if ageing
            else repr(
                math.exp(c.amorphous_activation / BOLTZMANN * (1.0 / device.kelvin - 1.0 / c.reference_temperature))
            )
        )
        yield f".param edge={{{c.edge_conductance / SECTORS!r}*({'+'.join(edge)})/{activated}}}"
        yield "Bedge i n I = {edge}*v(i,n)"


def _ageing(device: _Device, s: int) -> Iterator[str]:
    """Parameters of sector s by age and temperature: its drift, resistances of films and dome, the dome's bend."""
    power = "kelvin*kelvin" if device.p.conduction.poole_frenkel else "kelvin"
    old, young = float(device.age[s]), device.p.relaxation.youngest
    yield f".param e{s}={{lost*ln(({old!r}*exp(-part)+gained)/{young!r})}}"
    yield f".param f{s}={{{float(device.film[s])!r}*films*exp({device.film_exponent[s]!r}*e{s})}}"
    if device.dome[s] > 0.0:
        yield f".param d{s}={{{float(device.dome[s])!r}*domes*exp({device.dome_exponent[s]!r}*e{s})}}"
        yield f".param v{s}={{{float(device.bend[s])!r}*{power}}}"


def _sector(c: Any, s: int, texts: tuple[str, str, str], crowded: float | None) -> Iterator[str]:
    """Films and, unless there is none (``crowded`` is None), the dome of a sector, in series."""
    film, conductance, bend = texts
    if crowded is None:
        yield f"Rfilms{s} i n {film}"
        return
    yield f"Rfilms{s} i d{s} {film}"
    carried, dropped = _law(c, f"v(y{s})", crowded)
    yield f"Bdome{s} d{s} n I = {conductance}*{carried}"
    yield f"By{s} 0 y{s} I = v(d{s},n)/{bend}-({dropped})"


def _law(c: Any, y: str, crowded: float) -> tuple[str, str]:
    """Current over s F_0 and voltage over F_0 u of a dome at the reduced field y, as `physics.conduction` has them."""
    if c.poole_frenkel:
        root = f"sqrt(abs({y}))"
        return f"{y}*exp({root})", f"{y}*(1-{2.0 * crowded!r}*{root}*(3+{root})/(2+{root})^3)"
    # ngspice takes powers of the magnitude
    return f"sinh({y})", f"{y}-{crowded!r}*tanh({y})*tanh({y})*tanh({y})"

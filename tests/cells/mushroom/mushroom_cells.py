"""What the tests of mushroom populations share: cells with some values changed, usual pulses, comparisons."""

from __future__ import annotations

import dataclasses

import pcmphys as pcm

CELL = pcm.load_cell("ibm-90nm-doped-gst")
P = CELL.parameters
RESET = pcm.Pulse(current=480e-6, width=1e-6, fall=5e-9)
PARTIAL = pcm.Pulse(current=380e-6, width=1e-6, fall=5e-9)
SET = pcm.Pulse(current=400e-6, width=20e-9, fall=1e-6)
WARM = pcm.Pulse(current=100e-6, width=50e-9)  # switches a crystal on: above the glass transition, far below melting
STATE = ("rim", "grain", "count", "filament", "texture", "age", "deviate", "kind", "traps")


def varied(cell=CELL, **tables):
    """The cell with some values changed: ``varied(switching={"compliance": 1.0})``."""
    changed = {name: dataclasses.replace(getattr(cell.parameters, name), **new) for name, new in tables.items()}
    return type(cell)(dataclasses.replace(cell.parameters, **changed), cell.technology)


def alike(**tables):
    """A cell whose devices and sectors are all the same, without series resistance; more changes as in `varied`."""
    none = dict.fromkeys((f.name for f in dataclasses.fields(P.variability)), 0.0)
    base = {
        "variability": none,
        "geometry": {"front_roughness": 0.0},
        "heat": {"on_resistance": 1e-6},
        "conduction": {"texture_spread": 0.0, "series_resistance": 0.0, "edge_conductance": 0.0},
        "relaxation": {"device_spread": 0.0, "cycle_spread": 0.0},
    }
    return varied(**{name: base.get(name, {}) | tables.get(name, {}) for name in base | tables})


QUIET = varied(telegraph={"traps": 0.0})


def emitting(cell=CELL):
    """The cell with the law of Poole and Frenkel in its glass, which at 0.2 V conducts about as before."""
    law = {"poole_frenkel.permittivity": 12.0, "poole_frenkel.trap_distance": 6e-9, "amorphous_conductivity": 0.4}
    return cell.but({f"conduction.{key}": value for key, value in law.items()}, source="a test")


def history(devices):
    """Pulses, waits at two temperatures, program, reads; returns all that came out."""
    out = [*dataclasses.astuple(devices.apply(RESET))]
    devices.wait(1e-3)
    out += [devices.read(), devices.threshold_voltage()]
    devices.apply(SET, amplitude=350e-6, repeat=3, pause=1e-6)
    devices.wait(3600.0, temperature=350.0)
    devices.wait(10.0, temperature=430.0)
    out += [devices.read(voltage=0.1, duration=1e-3), devices.conductance(), devices.drift_exponent]
    report = devices.program(8e-6, scheme=pcm.programming.SCHEMES["gradient"].but(pulses=6))
    out += [report.error, report.iterations, report.converged]
    devices.wait(100.0)
    out += [devices.read(), *devices.current(0.2), devices.crystalline_fraction, devices.amorphous_thickness]
    return out + list(devices.identity.values()) + list(devices.quench.values())


def same(first, second):
    return all(a.tobytes() == b.tobytes() and a.shape == b.shape for a, b in zip(first, second, strict=True))


def state(devices):
    return [getattr(devices._state, name).copy() for name in STATE]

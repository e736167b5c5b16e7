"""Kernel of a pulse: switching, Joule heat, melting, regrowth, nucleation and growth of single grains.

The pulse is a list of steps, the same for all devices; the drive of each device is scaled. Within a step the
temperature stands at its value in the middle; a step in which rims would move far is gone through in parts. Against
steps twenty times as fine, rims (of 5 to 25 nm) are off by 0.01 nm in the mean and 0.13 nm rms after a RESET or a SET
of it, and up to 0.15 nm in the mean after ramps, pulses of voltage and pulses that nearly melt. The number of grains
agrees within chance (1.2 %). Steps are left out in which what lives is so cold that crystals would grow by less than
0.05 nm where it is hottest, and by a two-hundredth of what the pulse does: no figure here changes by that.

Where a plateau melts for half a microsecond and more, most rims come to rest at their melt fronts and have forgotten
where they were: they are put there at once. After the next RESET of a device rims are so 0.05 nm thinner in the mean
than in fine steps of a plateau that gets warmer to its end by a part in a million (0.7 nm rms: single rims far out,
which a small difference sets going). Fine steps at an even heat stop melting once rounding does not let the temperature
rise any more; in those, rims are 0.14 nm thinner.

How warm it gets: `drive`. What it then goes through: `heated`.
"""

from __future__ import annotations

import numpy as np

from pcmphys.cells.mushroom.drive import (
    DRIVE,
    ROWS,
    Off,
    follow,
    on_course,
    surely_on,
    tabulate,
    threshold,
    warm,
    within_compliance,
)
from pcmphys.cells.mushroom.glass import glass_in, quench
from pcmphys.cells.mushroom.heated import go_through
from pcmphys.cells.mushroom.parameters import MushroomParameters
from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.prefetch import fetch_ahead
from pcmphys.numerics.random import draw_of
from pcmphys.physics.conduction.rows import ROOM as OFF_ROOM
from pcmphys.physics.conduction.solve import activation
from pcmphys.physics.conduction.structure import SCRATCH
from pcmphys.physics.crystallization import tables as crystallization
from pcmphys.physics.crystallization.rows import ROOM
from pcmphys.physics.dome import barrier
from pcmphys.physics.state import HEAT, SECTORS
from pcmphys.physics.thermal import shape

_SLOWEST = 1e-100
"""Stands for a growth velocity of zero [m/s] where one divides by it."""


def tables(parameters: MushroomParameters) -> tuple:
    """Tables of growth and nucleation, shapes of the temperature, activity, fastest growth, as `pulse` takes them."""
    velocity, nuclei, guide, activity, resting = crystallization.tables(parameters.crystallization.pack())
    shapes, fastest = shape.table(parameters.geometry, parameters.heat), float(velocity[:, 0].max())
    return velocity, nuclei, guide, shapes, activity, resting, max(fastest, _SLOWEST)


@kernel
def pulse(start, stop, address, cell, drive, chosen, state, out):
    """Send a pulse through some devices.

    ``cell`` is (parameters, `tables`). ``drive`` is (steps, voltage_driven, ambient [K]): steps
    (n, 4) with duration [s], e^(-half of it/tau), e^(-all of it/tau) and drive at a scale of one, the last ones
    without drive for the cooling. ``chosen`` is (numbers, scale): the pulse goes to the devices numbers[start..stop],
    with the scale [A or V] of each. ``out`` (chosen, 2) gets the highest temperature [K] of the heater's rim and the
    energy [J] taken.
    """
    p, tables = cell[0], borrowed(cell[1])
    steps, by_voltage, ambient = borrowed(drive)
    cell = p, tables, glass_in(steps, ambient, p)
    numbers, scale = borrowed(chosen)
    state, out = borrowed(state), borrowed(out)
    # from a whole cache line on, which vector code reads at once
    whole = np.empty(max(ROOM, OFF_ROOM) + 8)
    skip = (-whole.ctypes.data % 64) // 8
    memory = whole[skip:], np.empty(SCRATCH), np.zeros(SECTORS), np.empty((ROWS, steps.shape[0]))
    work, room, still, course = borrowed(memory)
    activated = activation(ambient, p.conduction)
    first, peak = 0.0, 0.0
    for j in range(steps.shape[0]):
        peak = max(peak, abs(steps[j, DRIVE]))
        first = abs(steps[j, DRIVE]) if first == 0.0 else first
    last = np.nan
    for n in range(start, stop):
        i = numbers[n]
        fetch_ahead(state, numbers[min(n + 1, stop - 1)])
        off = Off(i, ambient, activated, barrier(i, p, state))
        needed = threshold(i, off.barrier, ambient, p, state)
        simple = False
        if not by_voltage:
            excess = max(needed - p.heat.on_voltage, 0.0)
            simple = surely_on(first * abs(scale[n]), excess, off, p, state)
            simple = simple and within_compliance(peak * abs(scale[n]), needed, p)
        if simple:
            if scale[n] != last:  # neighbours often get the same pulse
                tabulate(steps, scale[n], p, course)
                last = scale[n]
            on_course(steps, excess, course)
        else:
            follow(steps, (by_voltage, scale[n]), off, needed, p, state, course, (work, room, still))
            last = np.nan
        hottest, energy = warm(steps, state.device[i, HEAT], p, course)
        out[n, 0], out[n, 1] = ambient + hottest, energy
        if ambient + hottest < min(p.crystallization.viscosity.glass_temperature, cell[2].felt):
            continue  # nothing moves in nanoseconds, and the glass stays what it is
        draw = draw_of(address, i)
        go_through(i, draw, cell, ambient, steps, course, work, state)
        _renew(i, draw, p, ambient + hottest, work, state)
    kept(memory)


@law
def _renew(i, draw, p, peak, work, state):
    """What the heat leaves of glass and traps of a device; above the glass transition its structure changed."""
    if peak < p.crystallization.viscosity.glass_temperature:
        return
    state.stale[i] = 1
    quench(i, draw, p, work, state)

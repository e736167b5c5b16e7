"""Points of each device's I-V: ends of its branches, and points of its off-state near a voltage.

The latter are what circuit solvers ask for instead of the current at a voltage. Nothing has to be found for a point
that lies where it likes: the voltage behind the heater is chosen, the sectors carry what they carry there, and the
heater's drop is added. A solver that holds the law between such points asks for few.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel
from pcmphys.physics.conduction.rows import CURRENT, ROOM, SLOPE, total
from pcmphys.physics.conduction.solve import activation, load_sectors, sectors_at, series_resistance
from pcmphys.physics.state import SECTORS


class Folds(NamedTuple):
    """Ends of the two branches of each device's I-V, behind a load; population's shape.

    Up to the first fold a source that goes up finds the device off, down to the second one a source that goes down
    finds it on. Both are the same where nothing snaps back.
    """

    up_voltage: np.ndarray
    """Of the source [V], at the first fold."""
    up_current: np.ndarray
    """Just before the device goes on [A]."""
    down_voltage: np.ndarray
    """Of the source [V], at the second fold."""
    down_current: np.ndarray
    """Just before the device goes off [A]: the holding current behind that load."""


@kernel
def near(start, stop, temperature, p, asked, state, out):
    """Voltage [V], current [A] and slope [S] of the devices chosen[start..stop], into the rows of ``out`` (3, chosen).

    ``asked`` are the chosen ones, voltages [V] >= 0 and about the currents [A] there (NaN: not known); the structure
    must have been evaluated.
    """
    (chosen, voltage, current), state, out = borrowed((asked, state, out))
    memory = np.empty(ROOM), np.zeros(SECTORS)
    work, still = borrowed(memory)
    activated = activation(temperature, p.conduction)
    for n in range(start, stop):
        i = chosen[n]
        edge, series = load_sectors(i, temperature, activated, still, p, state, work), series_resistance(i, p, state)
        inner = voltage[n] - series * current[n]
        if not inner > 0.0:
            inner = voltage[n] / (1.0 + series * (total(SLOPE, work) + edge))
        sectors_at(inner, work)
        found, slope = total(CURRENT, work), total(SLOPE, work)
        found += edge * inner
        slope += edge
        out[0, n], out[1, n], out[2, n] = inner + series * found, found, slope / (1.0 + series * slope)
    kept(memory)

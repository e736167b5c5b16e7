"""Layout of the scratch memory in which the sectors of one device are solved, and the step that all laws share.

Each row has a number for each sector. Flat, so that LLVM sees that rows do not overlap, and filled by few long loops,
because short ones do not become vector code.
"""

from __future__ import annotations

from pcmphys.numerics.compile import law
from pcmphys.physics.state import SECTORS

# What a sector is: conductance of the dome at no field [S], films' resistance over the dome's (k), 1 / (1 + k); voltage
# over which the dome's current bends and one over it [V, 1/V], liner's conductance [S], crowding of the dome's current.
# How far it is solved: reduced field at the mean current density (y); reduced voltage over dome and films there, its
# second derivative by y, and one over its first; reduced current of the dome with two derivatives; current [A] and
# slope [S] of the sector
(
    DOME, RATIO, SHARE, FIELD, PER_FIELD, SIDE, CROWDING,
    GUESS, USED, BENT, FLAT, VALUE, RISE, TURN, CURRENT, SLOPE,
) = range(0, 16 * SECTORS, SECTORS)  # fmt: skip
LAW = 16 * SECTORS
"""Place of what tells the law: 0 for hopping, else that of Poole and Frenkel."""
ROOM = 16 * SECTORS + 1
"""Size of the memory."""


@law
def step(voltage, s, work):
    """What y of a sector has to fall by; the voltage [V] across all of it may be another one than before.

    Halley's method t / (1 - e) as t (1 + e + e^2), with Newton's step t: of the same third order without a division,
    and between the two where e is not small, so that from above it does not overshoot.
    """
    flat = work[FLAT + s]
    newton = (work[USED + s] - voltage * work[PER_FIELD + s]) * flat
    e = 0.5 * newton * work[BENT + s] * flat
    return newton * (1.0 + e + e * e)


@law
def total(row, work):
    """Sum over the sectors of a row."""
    found = 0.0
    for s in range(SECTORS // 4):
        found += (work[row + s] + work[row + 4 + s]) + (work[row + 8 + s] + work[row + 12 + s])
    return found

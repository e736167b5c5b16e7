"""Layout of the scratch memory in which a pulse keeps what it needs of the sectors of one device.

Each row has a number for each sector. Flat, and a row of 16 after the other: where the loops over sectors have no
branches and one base address, LLVM makes vector code of them.
"""

from __future__ import annotations

from pcmphys.physics.state import SECTORS
from pcmphys.physics.thermal import shape

# Of a pulse: offset of the melt front [m]. Of the current: part of the filament's rise, one over it
SHIFT, SHARE, INVERSE = range(0, 3 * SECTORS, SECTORS)
# rise [K] when hottest; rim [m]; bounds of the rate of nuclei in what is hot, and in all, up to a factor that all have
HOTTEST, RIM, HOT_BOUND, BOUND = range(3 * SECTORS, 7 * SECTORS, SECTORS)
# of a step: melt front [m]; how far in the rim can go [m], negative where nothing moves; entries of rim and heater
FRONT, STOP, RIM_ENTRY, HEATER_ENTRY = range(7 * SECTORS, 11 * SECTORS, SECTORS)
# of the rim in the step: place [shells], shell that it is in, rise over the hot spot's at both ends of that
PLACE, SHELL, INNER, OUTER = range(11 * SECTORS, 15 * SECTORS, SECTORS)
# of the glass: order, and whether it is another than before the pulse
ORDER, LIVED = range(15 * SECTORS, 17 * SECTORS, SECTORS)
# of the rim: velocity [m/s], and its change per kelvin; half of the change as the rim moves [1/s]; way in the step [m]
VELOCITY, STEEPER, BEND, WAY = range(17 * SECTORS, 21 * SECTORS, SECTORS)
# integral of nucleation, in the step, at rim and heater
LOW, HIGH = range(21 * SECTORS, 23 * SECTORS, SECTORS)
# one where a list of grains has room, else zero; sectors that have grains, in any order
OPEN, GRAINY = range(23 * SECTORS, 25 * SECTORS, SECTORS)
# of the rim: in how many parts a step is to be taken; where it is halfway through one [m]
PARTS, HALFWAY = range(25 * SECTORS, 27 * SECTORS, SECTORS)
# change of the integral of nucleation per kelvin, at rim and heater
LOW_RISE, HIGH_RISE = range(27 * SECTORS, 29 * SECTORS, SECTORS)
_ROWS = 29 * SECTORS
# of the device: shape of its temperature, and that of a segment of the glass
SHAPE, SEGMENT = range(_ROWS, _ROWS + 2 * shape.ROW, shape.ROW)
# whether the filament fills the heater; the dome that the shape is of; how far out the filament is hot; longest
# distance in which the shape falls by one up to there, and at all (all in shells); sum of the bounds; number of
# sectors that have grains
EVEN, DOME, HOT_PLACE, HOT_LONGEST, LONGEST, TOTAL, LISTED = range(_ROWS + 2 * shape.ROW, _ROWS + 2 * shape.ROW + 7)
ROOM = LISTED + 1
"""Size of the memory."""

# of the tables that a pulse takes: those of `pcmphys.physics.crystallization.tables`, and of
# `pcmphys.physics.thermal.shape.table`
GROWTH, NUCLEI, GUIDE, SHAPES, ACTIVITY, RESTING, FASTEST = range(7)

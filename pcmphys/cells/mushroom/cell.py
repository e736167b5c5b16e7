"""The mushroom cell of one technology: its numbers, and devices made from them."""

from __future__ import annotations

from collections.abc import Sequence

from pcmphys.cells.mushroom.devices import MushroomPopulation
from pcmphys.cells.mushroom.parameters import MushroomParameters
from pcmphys.cells.numbers import NumberedCell
from pcmphys.cells.shape import one_shape


class MushroomCell(NumberedCell[MushroomParameters]):
    """A phase-change cell with its physics.

    Attributes
    ----------
    parameters : MushroomParameters
        The numbers, by effect.
    technology : Technology
        The same numbers with unit, source and kind, as read from the parameter file.
    """

    @property
    def conductance_maximum(self) -> float:
        """Conductance [S] of g = 1."""
        return self.parameters.read.conductance_maximum

    @property
    def conductance_minimum(self) -> float:
        """Least conductance [S] that a weight's idle device is programmed to; zero asks for a RESET and no more."""
        return self.parameters.read.conductance_minimum

    @property
    def read_voltage(self) -> float:
        """Usual read voltage [V]."""
        return self.parameters.read.voltage

    @property
    def reference_time(self) -> float:
        """Age [s] at which programming is judged, t_0."""
        return self.parameters.read.reference_time

    def population(
        self,
        shape: int | Sequence[int],
        *more: int,
        seed: int = 0,
        first_cell: int = 0,
        stuck_high: float = 0.0,
        stuck_low: float = 0.0,
        limited: float = 0.0,
        ceiling: float | None = None,
    ) -> MushroomPopulation:
        """Make devices, crystalline, never pulsed and just made; their spread is drawn here.

        What they are made of begins to drift with the clock: a new device loses two thirds of its conductance in the
        first 20 s. ``wait`` first where devices that have lain for long are meant.

        Parameters
        ----------
        shape : int or tuple of int
            Any shape, also with no device at all.
        *more
            Nothing: two numbers are refused, as the second could be a width or a seed.
        seed : int
            Same seed, same devices and same history, whatever the number of threads.
        first_cell : int
            Number of the first device: ``population(n, seed=seed, first_cell=k)`` holds the devices k .. k+n-1 of the
            larger population with that seed, bit by bit.
        stuck_high, stuck_low : float
            Fractions of devices (drawn at random) that no pulse changes: crystalline for ever, or RESET for ever.
        limited : float
            Fraction of devices (drawn at random, stuck or not) with a poor contact, a resistance in series.
        ceiling : float [S]
            Conductance that a limited device cannot exceed, whatever its phase-change material does: what it would
            have if that were a short. What would be g without the contact is about 1 / (1/g + 1/ceiling) with it: of
            a full SET of 30 uS, a ceiling of 30 uS leaves 15 uS.

        Returns
        -------
        MushroomPopulation

        Notes
        -----
        The contact is in series in I-V curve, reads, noise and the verify reads of `MushroomPopulation.program`. It is
        taken to be a thin barrier that the on-state breaks through: pulses see nothing of it, threshold voltage and
        heat are those of a good device. Assumed; an ohmic resistance of that size would let no pulse through at all.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(1000, seed=1, limited=0.1, ceiling=10e-6)
        >>> limited = devices.ceiling < 1.0
        >>> int(limited.sum()), float(devices.conductance()[limited].max()) < 10e-6
        (111, True)
        """
        one_shape(shape, more)
        return MushroomPopulation(self, shape, seed, first_cell, (stuck_high, stuck_low, limited, ceiling))

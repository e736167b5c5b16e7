"""The mushroom cell of one technology: its numbers, and devices made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pcmphys.cells.mushroom.devices import MushroomPopulation
from pcmphys.cells.mushroom.parameters import MushroomParameters
from pcmphys.cells.shape import one_shape
from pcmphys.parameters.changes import changed
from pcmphys.parameters.schema import Technology


class MushroomCell:
    """A phase-change cell with its physics.

    Attributes
    ----------
    parameters : MushroomParameters
        The numbers, by effect.
    technology : Technology
        The same numbers with unit, source and kind, as read from the parameter file.
    """

    def __init__(self, parameters: MushroomParameters, technology: Technology):
        self.parameters = parameters
        self.technology = technology

    def __repr__(self) -> str:
        return f"MushroomCell({self.name!r})"

    @property
    def name(self) -> str:
        """Name of the technology."""
        return self.technology.name

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

    def but(self, changes: Mapping[str, Any], *, source: str = "", name: str | None = None) -> MushroomCell:
        """A cell with some of its numbers changed; this one stays as it is.

        Parameters
        ----------
        changes : dict
            By dotted key, as ``pcmphys cells show`` lists them: a number or a list of numbers in the unit listed there,
            or a table with ``value`` and, where you wish, ``unit``, ``kind``, ``source`` and ``note``.
        source : str
            Where the numbers come from, in any words. Their kind is ``user``; `pcmphys.cite` lists them.
        name : str, optional
            Of the new cell; the old name with "(changed)" by default.

        Returns
        -------
        MushroomCell

        Raises
        ------
        ParameterError
            An unknown key (a near miss is suggested), wrong unit, a value out of range.

        Examples
        --------
        An on-state of 0.1 V more makes more heat of the same current (peak temperature [K]):

        >>> import pcmphys as pcm
        >>> cell = pcm.load_cell("ibm-90nm-doped-gst")
        >>> mine = cell.but({"heat.on_voltage": 2.0}, source="mine")
        >>> mine
        MushroomCell('ibm-90nm-doped-gst (changed)')
        >>> mine.parameters.heat.on_voltage, cell.parameters.heat.on_voltage
        (2.0, 1.9)
        >>> pulse = pcm.Pulse(current=150e-6, width=100e-9)
        >>> [round(float(c.population(1).apply(pulse).peak_temperature[0])) for c in (cell, mine)]
        [810, 836]
        """
        return type(self)(*changed(type(self.parameters), self.technology, changes, source, name))

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
        """Make devices, crystalline and never pulsed; their spread is drawn here.

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

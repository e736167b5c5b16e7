"""What cells of every kind share: numbers with their origin, a name, and copies with some numbers changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Self, TypeVar

from pcmphys.parameters.changes import changed
from pcmphys.parameters.schema import Technology

Parameters = TypeVar("Parameters")


class NumberedCell(Generic[Parameters]):
    """A cell made of the numbers of a technology.

    Attributes
    ----------
    parameters : dataclass
        The numbers.
    technology : Technology
        The same numbers with unit, source and kind, as read from the parameter file.
    """

    def __init__(self, parameters: Parameters, technology: Technology):
        self.parameters = parameters
        self.technology = technology

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def name(self) -> str:
        """Name of the technology."""
        return self.technology.name

    def but(self, changes: Mapping[str, Any], *, source: str = "", name: str | None = None) -> Self:
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
        cell
            Of the same kind.

        Raises
        ------
        ParameterError
            An unknown key (a near miss is suggested), wrong unit, a value out of range.

        Examples
        --------
        An on-state of 0.1 V more makes more heat of the same current (peak temperature [K]):

        >>> import pcmphys as pcm
        >>> cell = pcm.load_cell("ibm-90nm-doped-gst")
        >>> mine = cell.but({"heat.on_voltage": 0.9}, source="mine")
        >>> mine
        MushroomCell('ibm-90nm-doped-gst (changed)')
        >>> mine.parameters.heat.on_voltage, cell.parameters.heat.on_voltage
        (0.9, 0.8)
        >>> pulse = pcm.Pulse(current=150e-6, width=100e-9)
        >>> [round(float(c.population(1).apply(pulse).peak_temperature[0])) for c in (cell, mine)]
        [759, 814]
        """
        return type(self)(*changed(type(self.parameters), self.technology, changes, source, name))

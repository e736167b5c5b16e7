"""What a reader makes of a file: reads of devices in S and s, with all that is known of where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import summary as text
from pcmphys.fit.readers.figure import measurement_figure
from pcmphys.numerics import check, labelled
from pcmphys.numerics.brief import called

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


class Trace(NamedTuple):
    """The reads of one device: times since programming [s], conductances (NaN: none taken) and which are censored."""

    time: np.ndarray
    conductance: np.ndarray
    censored: np.ndarray

    def __repr__(self) -> str:
        return called(self, self._asdict())


class ColumnUse(NamedTuple):
    """A column of the file: its header, what it was taken as, in which unit, and who said so."""

    header: str
    role: str
    unit: str
    by: str


class Said(NamedTuple):
    """Something that does not stand in the table: what, its value, and who declared it."""

    what: str
    value: str
    by: str


@dataclass(frozen=True, repr=False)
class Source:
    """Where a measurement comes from and how it was read.

    Attributes
    ----------
    file, sha256 : str
        The file and the SHA-256 of its bytes (of the packed file, if it is packed).
    layout : str
        Name of the layout that it was read by.
    found : tuple of (str, str)
        Encoding, separator and whatever else was recognised.
    columns : tuple of ColumnUse
        Every column: what it was taken as, also those that were not used.
    declared : tuple of Said
        What the caller or the layout declared.
    counts : tuple of (str, int)
        How many reads each policy met.
    notes : tuple of str
        What else is to be known.
    licence : str
        Licence of the data; empty if it is not known.
    """

    file: str = ""
    sha256: str = ""
    layout: str = ""
    found: tuple[tuple[str, str], ...] = ()
    columns: tuple[ColumnUse, ...] = ()
    declared: tuple[Said, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    licence: str = ""

    def attributes(self) -> dict[str, str]:
        """The source as text, for labelled arrays: what is empty is left out."""
        said = [f"{one.what} = {one.value} (by {one.by})" for one in self.declared]
        counts = [f"{what}: {count}" for what, count in self.counts]
        found = {"file": self.file, "sha256": self.sha256, "layout": self.layout, "licence": self.licence}
        found |= {"declared": "; ".join(said), "policies": "; ".join(counts)}
        found["reading_notes"] = "; ".join(self.notes)
        return {name: value for name, value in found.items() if value}

    def lines(self) -> list[str]:
        """The source in a few lines, for the summary of what was made of it; none where there is no file."""
        return text.origin(self)

    def cited(self, what: str) -> str:
        """One line that says what was made of this source, for the numbers of a cell."""
        if not self.file:
            return what
        licence = f", licence {self.licence}" if self.licence else ""
        return text.printable(f"{what}; data of {text.short(self)}{licence}")

    def __repr__(self) -> str:
        name = self.file.replace("\\", "/").rpartition("/")[2]
        licence = self.licence or "not known"
        name, licence = (text if len(text) <= 48 else f"{text[:45]}..." for text in (name, licence))
        return f"Source({name!r}, sha256 {self.sha256[:8]}..., layout {self.layout}, licence {licence})"


def together(sources: Sequence[Source]) -> Source:
    """The source of data from several files: what they share, and what is of each under its name."""
    first = sources[0]
    if len(sources) == 1:
        return first
    names = [one.file.replace("\\", "/").rpartition("/")[2] for one in sources]

    def shared(values: list[str]) -> str:
        return values[0] if len(set(values)) == 1 else ", ".join(f"{n}: {v or 'none'}" for n, v in zip(names, values))

    said = [
        said if all(said in other.declared for other in sources) else said._replace(what=f"{name}: {said.what}")
        for name, one in zip(names, sources)
        for said in one.declared
    ]
    return Source(
        file=", ".join(one.file for one in sources),
        sha256=", ".join(one.sha256 for one in sources),
        layout=shared([one.layout for one in sources]),
        found=first.found,
        columns=first.columns,
        declared=tuple(dict.fromkeys(said)),
        counts=tuple((f"{name}: {what}", count) for name, one in zip(names, sources) for what, count in one.counts),
        notes=tuple(f"{name}: {note}" for name, one in zip(names, sources) for note in one.notes),
        licence=shared([one.licence for one in sources]),
    )


@dataclass(frozen=True, eq=False, repr=False)
class Measurement(labelled.Labelled):
    """Reads of devices, as `pcmphys.fit.read` finds them in a file; fits take it as it is.

    ``len`` and iteration go over devices; a number or a name gives the `Trace` of one, a slice or a sequence of
    numbers or names a smaller measurement.

    Attributes
    ----------
    names : tuple of str
        Name of each device.
    time : (reads,) or (devices, reads) array
        Times since programming [s]: one axis if all devices were read at the same times, else each device's own,
        increasing, NaN behind the last.
    conductance : (devices, reads) array
        [S], or normalised [1]; NaN where no read was taken, or none that is a number.
    censored : (devices, reads) array of int
        1 where a read was above the range (its conductance is higher than could be read), -1 where it was below the
        noise floor, else 0. Such reads are NaN in ``conductance``.
    unit : {"S", "1"}
        Of the conductances.
    source : Source
        File, SHA-256, layout, columns with their units, what was declared and by whom, what policies did, licence.

    Raises
    ------
    ParameterError
        Arrays that do not fit each other.

    Notes
    -----
    The arrays are read-only. Fits of pcmphys that know nothing of censored reads take them as not taken, which makes a
    fit look at the readable part only; ``censored`` is there for those that can do better.
    """

    names: tuple[str, ...]
    time: np.ndarray
    conductance: np.ndarray
    censored: np.ndarray
    unit: str = "S"
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        conductance = np.array(self.conductance, dtype=float, ndmin=2)
        time, censored = np.array(self.time, dtype=float), np.array(self.censored, dtype=np.int8, ndmin=2)
        names = tuple(self.names)
        fits = time.shape in (conductance.shape, conductance.shape[1:]) and censored.shape == conductance.shape
        if not fits or len(names) != len(conductance):
            raise ParameterError(
                f"conductance of shape {conductance.shape} needs as many names, times of one device or of each, and "
                f"censored alike; got {len(names)} names, times {time.shape}, censored {censored.shape}"
            )
        check.choice("unit", self.unit, ("S", "1"))
        for array in (time, conductance, censored):
            array.flags.writeable = False
        for name, value in (("names", names), ("time", time), ("conductance", conductance), ("censored", censored)):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        # arrays that are unpickled could be written to; made anew they cannot
        return type(self), tuple(getattr(self, part.name) for part in fields(self))

    def __repr__(self) -> str:
        return text.line(self)

    @property
    def common(self) -> bool:
        """Whether all devices were read at the same times."""
        return self.time.ndim == 1

    @property
    def reads(self) -> np.ndarray:
        """How many reads each device has, missing ones included."""
        return np.full(len(self), self.time.size) if self.common else (~np.isnan(self.time)).sum(axis=1)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Trace]:
        return (self[k] for k in range(len(self)))

    @overload
    def __getitem__(self, device: int | str) -> Trace: ...

    @overload
    def __getitem__(self, device: slice | list[int] | list[str] | np.ndarray) -> Measurement: ...

    def __getitem__(self, device):
        if isinstance(device, slice):
            return self._some(list(range(len(self))[device]))
        if isinstance(device, (list, tuple, np.ndarray)) and np.ndim(device) == 1:
            flags = getattr(device, "dtype", None) == np.bool_
            chosen = np.flatnonzero(check.flags("devices", device, (len(self),))) if flags else device
            return self._some([self._place(one) for one in chosen])
        k = self._place(device)
        size = int(self.reads[k])
        time = self.time if self.common else self.time[k, :size]
        return Trace(time, self.conductance[k, :size], self.censored[k, :size])

    def _place(self, device: Any) -> int:
        if isinstance(device, str):
            check.choice("device", device, self.names)
            return self.names.index(device)
        return check.integer("device", device, -len(self), len(self) - 1) % len(self)

    def _some(self, places: list[int]) -> Measurement:
        if not places:
            raise ParameterError(f"devices must select at least one of {len(self)}")
        size = int(self.reads[places].max())
        time = self.time if self.common else self.time[places, :size]
        names = tuple(self.names[k] for k in places)
        return Measurement(
            names, time, self.conductance[places, :size], self.censored[places, :size], self.unit, self.source
        )

    def summary(self, devices: int = 5) -> str:
        """A plain text: file, layout, columns, what was declared, what policies did, and the first devices' reads."""
        return text.summary(self, check.integer("devices", devices, low=0))

    def plot(self, path: str | Path | None = None, devices: int = 12) -> Figure:
        """Draw the reads of the first devices against time; write them to ``path`` (type by its suffix) if given.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return measurement_figure(self, path, check.integer("devices", devices, low=1))

    def to_dataset(self) -> xr.Dataset:
        """An `xarray.Dataset` with units, and the source as attributes.

        Dimensions ``device`` and ``time``, or ``device`` and ``read`` where devices have their own times.
        """
        second = "time" if self.common else "read"
        time = ("time",) if self.common else ("device", "read")
        return labelled.dataset(
            "pcmphys measurement",
            {
                "conductance": (("device", second), self.conductance, self.unit, "read; NaN: missing or censored"),
                "censored": (("device", second), self.censored, "1", "1: above the range, -1: below the noise floor"),
            },
            {
                "device": (("device",), list(self.names), "1", "name of the device"),
                "time": (time, self.time, "s", "time since programming"),
            },
            **self.source.attributes(),
        )

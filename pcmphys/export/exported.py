"""What every exporter gives back, and what all of them begin with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from pcmphys.export.levels import LevelStatistics, sample
from pcmphys.export.round_trip import RoundTrip
from pcmphys.parameters import Technology, cite


@dataclass(frozen=True)
class Exported:
    """An export that was written.

    Attributes
    ----------
    folder : Path
        Where it lies.
    files : tuple of str
        Names of its files, beside the manifest.
    round_trip : RoundTrip
        What the target draws from it, against pcmphys.
    """

    folder: Path
    files: tuple[str, ...]
    round_trip: RoundTrip

    def __repr__(self) -> str:
        return f"Exported({len(self.files)} files for {self.round_trip.target_name}, {str(self.folder)[-80:]!r})"

    def summary(self) -> str:
        """Where it lies, and what arrives in the target."""
        return f"folder  {self.folder}\n{self.round_trip.summary()}"


def statistics(cell: Any, levels: int | ArrayLike, times: int | ArrayLike, devices: int, seed: int) -> LevelStatistics:
    """The statistics to export: those given, or a cell's."""
    if isinstance(cell, LevelStatistics):
        return cell
    return sample(cell, levels=levels, times=times, devices=devices, seed=seed)


def sources(cell: Any) -> dict[str, bytes]:
    """The file of references behind a cell's numbers; none for a cell that has none."""
    if not isinstance(getattr(cell, "technology", None), Technology):
        return {}
    return {"sources.bib": cite(cell).encode()}

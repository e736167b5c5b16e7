"""What is no plain read in order of time meets the policy that was chosen for it: refused with its row, or counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import units
from pcmphys.fit.readers.columns import Column
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.layout import Policies
from pcmphys.fit.readers.locate import WITH_UNIT
from pcmphys.fit.readers.traces import Reads
from pcmphys.fit.readers.values import GAP, OVER, READ, UNDER
from pcmphys.numerics import check


class Ordered:
    """The reads under their policies, and what each of these did."""

    def __init__(self, grid: Grid, reads: Reads, names: list[str], policies: Policies):
        self.grid: Grid = grid
        self.reads: Reads = reads
        self.names: list[str] = names
        self.policies: Policies = policies
        self.counts: dict[str, int] = {}

    def _at(self, k: int, clock: bool = False) -> str:
        column = self.reads.clock if clock else self.reads.column
        return self.grid.at(int(self.reads.row[k]), int(column[k]))

    def _cell(self, k: int, clock: bool = False) -> str:
        column = self.reads.clock if clock else self.reads.column
        return self.grid.cell(int(self.reads.row[k]), int(column[k]))

    def _count(self, what: str, number: int) -> None:
        if number:
            self.counts[what] = self.counts.get(what, 0) + int(number)

    def times(self) -> None:
        """Refuse or drop reads without a time, at and before programming, and before ``start``."""
        reads, start = self.reads, self.policies.start
        gone = np.isnan(reads.time)
        if gone.any() and self.policies.missing == "refuse":
            k = int(gone.argmax())
            raise ParameterError(
                f"{self._at(k, True)} is blank or no number ({int(gone.sum())} of {gone.size} reads have no time); "
                "missing='skip' leaves them out"
            )
        self._count("reads without a time left out", gone.sum())
        reads.keep(~gone)
        early = reads.time <= 0 if start is None else reads.time < start
        if start is None and early.any():
            k = int(early.argmax())
            raise ParameterError(
                f"{self._at(k, True)}: time {reads.time[k]:g} s is not after programming ({int(early.sum())} reads); "
                "start= leaves out reads before that time [s] (start=0 keeps time zero, which no drift fit takes), "
                "programmed= says when programming was"
            )
        self._count(f"reads before {start:g} s left out" if start is not None else "", early.sum())
        reads.keep(~early)
        left = np.bincount(reads.device, minlength=len(self.names))
        if (left == 0).any():
            name = self.names[int((left == 0).argmax())]
            since = "" if start is None else f" from start = {start:g} s on"
            raise ParameterError(f"{self.grid.where}: no read of {name!r} is there{since}")

    def missing(self) -> None:
        """Refuse or skip reads that are not there."""
        gone = self.reads.kind == GAP
        if gone.any() and self.policies.missing == "refuse":
            k = int(gone.argmax())
            cell = self._cell(k).strip()
            what = "is blank" if cell in ("", "None", "nan") else f"holds {cell!r}, a mark for no reading"
            raise ParameterError(
                f"{self._at(k)} {what} ({int(gone.sum())} of {gone.size} reads are missing); missing='skip' takes them "
                "as not taken"
            )
        self._count("missing reads skipped", gone.sum())

    def censored(self, column: Column) -> None:
        """Refuse or skip reads outside of the range, by a tester's mark or by ``floor`` and ``ceiling``."""
        reads, policies = self.reads, self.policies
        with np.errstate(invalid="ignore"):
            for name, bound, kind in (("floor", policies.floor, UNDER), ("ceiling", policies.ceiling, OVER)):
                if bound is not None:
                    limit = _limit(name, bound, column)
                    outside = np.abs(reads.value) < limit if kind == UNDER else np.abs(reads.value) > limit
                    reads.kind[outside & (reads.kind == READ)] = kind
        out = (reads.kind == OVER) | (reads.kind == UNDER)
        if out.any() and policies.censored == "refuse":
            k = int(out.argmax())
            side = "above the range" if reads.kind[k] == OVER else "below the floor"
            mark = "" if np.isfinite(reads.value[k]) else ": a tester's mark for over-range, not a reading"
            raise ParameterError(
                f"{self._at(k)}: {self._cell(k)} is {side}{mark} ({int(out.sum())} of {out.size} reads); "
                "censored='skip' leaves their numbers out and keeps on which side they are"
            )
        self._count("reads above the range (censored)", (reads.kind == OVER).sum())
        self._count("reads below the floor (censored)", (reads.kind == UNDER).sum())
        reads.value[reads.kind != READ] = np.nan

    def convert(self, convert: Callable[[Reads], np.ndarray], inverse: bool) -> None:
        """Make conductances of what was measured; what is too high a resistance is too low a conductance."""
        if inverse:
            zero = self.reads.value == 0.0
            if zero.any():
                k = int(zero.argmax())
                raise ParameterError(
                    f"{self._at(k)}: a resistance of zero is a short, not a cell; leave the device out"
                )
            over = self.reads.kind == OVER
            self.reads.kind[self.reads.kind == UNDER] = OVER
            self.reads.kind[over] = UNDER
        self.reads.value = convert(self.reads)

    def negative(self) -> None:
        """Refuse, skip, keep or turn negative conductances."""
        reads, policy = self.reads, self.policies.negative
        below = reads.value < 0
        if policy == "turn" and below.any():
            known = np.bincount(reads.device[~np.isnan(reads.value)], minlength=len(self.names))
            turned = np.bincount(reads.device[below], minlength=len(self.names)) > known / 2
            reads.value = np.where(turned[reads.device], -reads.value, reads.value)
            self._count("devices with the sign of all reads turned", turned.sum())
            below = reads.value < 0
        if below.any() and policy in ("refuse", "turn"):
            k = int(below.argmax())
            raise ParameterError(
                f"{self._at(k)}: {self._cell(k)} means a conductance below zero ({int(below.sum())} of {below.size} "
                f"reads); negative='skip' takes such reads as not taken, 'keep' "
                "keeps them, 'turn' turns the sign of devices that are read with it throughout"
            )
        if policy == "skip":
            self._count("negative reads skipped", below.sum())
            reads.value[below], reads.kind[below] = np.nan, GAP
        elif policy == "keep":
            self._count("negative reads kept", below.sum())

    def order(self) -> None:
        """Refuse or sort times that do not increase within a device; refuse or join repeated ones."""
        reads = self.reads
        back = (np.diff(reads.time) < 0) & (np.diff(reads.device) == 0)
        if back.any() and self.policies.unordered == "refuse":
            k = int(back.argmax())
            raise ParameterError(
                f"{self._at(k + 1, True)}: times of a device must increase; {reads.time[k + 1]:g} s follows "
                f"{reads.time[k]:g} s. unordered='sort' sorts them; if the rows are of several devices, device= names "
                "the column that tells which"
            )
        self._count("places where reads were put in order of time", back.sum())
        if back.any():
            reads.keep(np.lexsort((reads.time, reads.device)))
        same = (np.diff(reads.time) == 0) & (np.diff(reads.device) == 0)
        if not same.any():
            return
        policy = self.policies.repeated
        if policy == "refuse":
            k = int(same.argmax())
            raise ParameterError(
                f"{self._at(k + 1, True)}: the time {reads.time[k]:g} s is there twice, in {self.grid.place}s "
                f"{self.grid.lines[reads.row[k]]} and {self.grid.lines[reads.row[k + 1]]}; repeated='first', 'last' or "
                "'mean' makes one read of them"
            )
        self._count(f"reads at a repeated time, of which the {policy} was taken", same.sum())
        starts = np.concatenate(([True], ~same))
        if policy == "mean":
            self._mean(starts)
        reads.keep(starts if policy != "last" else np.concatenate((~same, [True])))

    def _mean(self, starts: np.ndarray) -> None:
        group = np.cumsum(starts) - 1
        known = ~np.isnan(self.reads.value)
        count = np.bincount(group[known], minlength=group[-1] + 1)
        total = np.bincount(group[known], self.reads.value[known], minlength=group[-1] + 1)
        with np.errstate(invalid="ignore"):
            mean = total / count
        self.reads.value = mean[group]
        self.reads.kind = np.where(count[group] > 0, READ, self.reads.kind).astype(np.int8)


def _limit(name: str, said: Any, column: Column) -> float:
    """A bound in SI from a number or a text with a unit."""
    unit = units.SI[column.role]
    if isinstance(said, str):
        match = WITH_UNIT.fullmatch(said.strip())
        found = match and units.find(match[2], column.role)
        if not match or not found:
            raise ParameterError(
                f"{name} must be a number in {unit} or text such as '10 n{unit}', because a {column.role} was "
                f"measured; got {said!r}"
            )
        return float(match[1]) * found.factor
    return check.number(name, said, unit, 0.0)

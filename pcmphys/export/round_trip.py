"""The report that goes with every export: what the target draws, against pcmphys, conductance bin by bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pcmphys.export.carried import Carried
from pcmphys.export.levels import LevelStatistics
from pcmphys.numerics import labelled
from pcmphys.numerics.frozen import Frozen
from pcmphys.plot import page as pages
from pcmphys.plot import style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

MEAN_BOUND, SPREAD_BOUND = 0.01, 0.03
"""Relative differences up to which a mean and a spread count as carried."""
_KEPT = {
    "conductance_mean": ("mean conductance", MEAN_BOUND, "S"),
    "conductance_std": ("spread of conductance", SPREAD_BOUND, "S"),
    "exponent_mean": ("mean drift exponent", MEAN_BOUND, "1"),
    "exponent_std": ("spread of the drift exponent", SPREAD_BOUND, "1"),
    "noise_std": ("read noise, relative", SPREAD_BOUND, "1"),
}
"""Name, bound and unit of each quantity that is compared."""
_SHOWN_TIMES = 3
_LOW = 0.05
"""Of the largest target: below, no relative error of interpolation is said."""


@dataclass(frozen=True, eq=False, repr=False)
class RoundTrip(Frozen, labelled.Labelled):
    """What a target draws from an export, against pcmphys.

    Attributes
    ----------
    target_name : str
        The program.
    source : LevelStatistics
        What was exported.
    found : dict
        By quantity (as attributes of `LevelStatistics`): what the target draws, in the same shape.
    reasons : dict
        By quantity: why it may be off.
    lost : tuple of str
        What the target cannot carry at all.
    samples : int
        Draws of a bin; a target that is not sampled has none.
    """

    table_axes: ClassVar[tuple[str, ...]] = ("target", "time")
    target_name: str
    source: LevelStatistics
    found: dict[str, np.ndarray]
    reasons: dict[str, str]
    lost: tuple[str, ...]
    samples: int

    def __post_init__(self) -> None:
        for value in self.found.values():
            value.flags.writeable = False

    def __repr__(self) -> str:
        kept, all_bins = self.counts
        return f"RoundTrip({self.target_name!r}, {self.source.cell.name!r}, {kept} of {all_bins} bins within bounds)"

    def off(self, quantity: str) -> np.ndarray:
        """Relative difference of a quantity, in its own shape; NaN where neither side has one.

        Parameters
        ----------
        quantity : str
            One of `found`: conductance_mean, conductance_std, exponent_mean, exponent_std, noise_std.
        """
        there, here = self.found[quantity], getattr(self.source, quantity)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(there == here, 0.0, there / here - 1.0)

    @property
    def counts(self) -> tuple[int, int]:
        """Bins within their bounds, and all bins."""
        within = [np.abs(self.off(name)) <= _KEPT[name][1] for name in self.found]
        return sum(int(one.sum()) for one in within), sum(one.size for one in within)

    def not_carried(self) -> list[str]:
        """A line for each quantity that is off in some bins: which ones, by how much, and why."""
        lines = []
        for name in self.found:
            text, bound, _ = _KEPT[name]
            off = np.abs(self.off(name))
            wrong = ~(off <= bound)
            if not wrong.any():
                continue
            levels = np.flatnonzero(wrong.reshape(wrong.shape[0], -1).any(axis=1))
            worst = np.nanmax(off) if np.isfinite(off).any() else np.nan
            lines.append(
                f"{text}: {int(wrong.sum())} of {wrong.size} bins are more than {100 * bound:g} % off (worst "
                f"{100 * worst:.3g} %), at targets of {self._targets(levels)} uS. {self.reasons.get(name, '')}".strip()
            )
        return lines

    def _targets(self, levels: np.ndarray) -> str:
        runs = np.split(levels, np.flatnonzero(np.diff(levels) > 1) + 1)
        micro = 1e6 * self.source.target
        return ", ".join(f"{micro[run[0]]:.3g}" + (f" to {micro[run[-1]]:.3g}" if run.size > 1 else "") for run in runs)

    def to_dataset(self) -> xr.Dataset:
        """Each quantity in pcmphys, in the target (``_there``) and the relative difference (``_off``), units given."""
        source, variables = self.source, {}
        for name, there in self.found.items():
            text, _, unit = _KEPT[name]
            axes = ("target", "time")[: there.ndim]
            variables[name] = (axes, getattr(source, name), unit or "1", f"{text} in pcmphys")
            variables[f"{name}_there"] = (axes, there, unit or "1", f"{text} in {self.target_name}")
            variables[f"{name}_off"] = (axes, self.off(name), "1", f"relative difference of the {text}")
        return labelled.dataset(
            f"pcmphys round trip of {source.cell.name} to {self.target_name}",
            variables,
            {
                "target": (("target",), source.target, "S", "target conductance"),
                "time": (("time",), source.time, "s", "time since the end of programming"),
            },
            lost="; ".join(self.lost),
            samples=self.samples,
        )

    def summary(self) -> str:
        """The verdict in a few lines."""
        kept, all_bins = self.counts
        lines = [f"{self.target_name}: {kept} of {all_bins} bins within bounds (means 1 %, spreads 3 %)"]
        lines += [f"not carried: {line}" for line in self.not_carried()]
        return "\n".join(lines)

    def page(self) -> str:
        """The whole report as one HTML page."""
        source = self.source
        drawn = f"{self.samples:,} draws of what {self.target_name} makes of the exported files"
        drawn = drawn if self.samples else f"the moments in the exported files, as {self.target_name} reads them"
        body = [
            pages.answer(self.summary().splitlines()[0] + "."),
            pages.paragraph(
                f"{source.cell.name}: {source.devices} pcmphys devices of each target, against {drawn}. Times count "
                "from the end of programming."
            ),
            pages.heading("Bins that are not carried, and why"),
            pages.items(self.not_carried() or ["None: every bin is within its bound."]),
            pages.heading(f"What {self.target_name} cannot carry"),
            pages.items(self.lost),
            pages.heading("By target conductance"),
            pages.drawn(self.figure(), "Lines: pcmphys. Points: what the target draws."),
            *(f"<h3>{table.title}</h3>" + pages.table(table) for table in self.tables()),
            pages.heading("How well the source itself is known"),
            pages.paragraph(self._uncertainty()),
        ]
        return pages.whole(f"pcmphys export to {self.target_name}: round trip", body)

    def _uncertainty(self) -> str:
        names = ("conductance_std", "exponent_std", "noise_std")
        errors = {name: getattr(self.source, f"{name}_error") for name in names}
        parts = [
            f"{_KEPT[name][0]} to {100 * np.nanmin(errors[name]):.2g} to {100 * np.nanmax(errors[name]):.2g} %"
            for name in names
        ]
        between = "; ".join(f"{100 * off:.2g} % in {_KEPT[name][0]}" for name, off in self.between().items())
        return (
            f"From {self.source.devices} devices a target, one standard error: {'; '.join(parts)}. Spreads with long "
            f"tails are known worst. More devices make it better. Between exported targets, from {100 * _LOW:g} % of "
            f"the largest on, interpolation may be off by up to {between}. More levels make that better."
        )

    def between(self) -> dict[str, float]:
        """By quantity: how far a target halfway between two exported ones may be off by interpolation, relative.

        Each inner target from its two neighbours, at twice the distance: a smooth law is off by a fourth of that
        between targets, one with a kink by a half, which is what is said. It holds the chance of the samples, too.
        """
        target = self.source.target
        share = (target[1:-1] - target[:-2]) / (target[2:] - target[:-2])
        found = {}
        for name in _KEPT:
            here = getattr(self.source, name)
            part = share.reshape(-1, *[1] * (here.ndim - 1))
            with np.errstate(divide="ignore", invalid="ignore"):
                off = ((1.0 - part) * here[:-2] + part * here[2:]) / here[1:-1] - 1.0
            # the lowest levels rise by factors: what counts there is the absolute value
            off = np.abs(off[target[1:-1] >= _LOW * target[-1]])
            found[name] = 0.5 * float(np.nanmax(off)) if np.isfinite(off).any() else 0.0
        return found

    def tables(self) -> list[pages.PageTable]:
        """What was compared: one table of what does not change with time, and one for each of a few times."""
        source = self.source
        micro = [f"{1e6 * value:.4g}" for value in source.target]
        found = []
        exponents = [name for name in ("exponent_mean", "exponent_std") if name in self.found]
        if exponents:
            found.append(self._table("Drift exponent", exponents, micro, None))
        last = source.time.size - 1
        for k in dict.fromkeys(np.linspace(0, last, _SHOWN_TIMES).round().astype(int).tolist()):
            title = f"{style.time_name(source.time[k])} after programming"
            names = [name for name in self.found if name not in ("exponent_mean", "exponent_std")]
            found.append(self._table(title, names, micro, k))
        return found

    def _table(self, title: str, names: list[str], micro: list[str], time: int | None) -> pages.PageTable:
        headings, columns, groups = ["target [µS]"], [micro], [("", 1)]
        for name in names:
            text, _, unit = _KEPT[name]
            scale, unit = (1e6, " [uS]") if unit == "S" else (1.0, "")
            here, there, off = getattr(self.source, name), self.found[name], self.off(name)
            if time is not None:
                here, there, off = here[:, time], there[:, time], off[:, time]
            groups.append((f"{text}{unit}", 3))
            headings += ["pcmphys", self.target_name, "off [%]"]
            columns += [[f"{scale * v:.4g}" for v in here], [f"{scale * v:.4g}" for v in there]]
            columns.append([f"{100 * v:+.2f}" for v in off])
        return pages.PageTable(title, tuple(headings), list(zip(*columns, strict=True)), groups=tuple(groups))

    def figure(self) -> Figure:
        """Conductance with its spread, drift exponent and read noise against the target: pcmphys and the target."""
        source, micro = self.source, 1e6 * self.source.target
        noisy = bool((source.noise_std > 0.0).any())
        with style.figure(1, 3, figsize=(11.0, 3.4)) as (figure, (left, middle, right)):
            last = source.time.size - 1
            for k, colour in ((0, style.BLUE), (last, style.VERMILION)):
                label = style.time_name(source.time[k])
                mean, std = 1e6 * source.conductance_mean[:, k], 1e6 * source.conductance_std[:, k]
                left.fill_between(micro, mean - std, mean + std, color=colour, alpha=0.25, lw=0)
                left.plot(micro, mean, color=colour, label=label)
                if "conductance_std" in self.found:
                    there = 1e6 * self.found["conductance_mean"][:, k]
                    left.errorbar(
                        micro, there, 1e6 * self.found["conductance_std"][:, k], fmt=".", color=colour, lw=0.8
                    )
                if noisy:
                    right.semilogy(micro, source.noise_std[:, k], color=colour, label=label)
                    if "noise_std" in self.found:
                        right.semilogy(micro, self.found["noise_std"][:, k], ".", color=colour)
            mean, std = source.exponent_mean, source.exponent_std
            middle.fill_between(micro, mean - std, mean + std, color=style.BLUE, alpha=0.25, lw=0)
            middle.plot(micro, mean, color=style.BLUE)
            if "exponent_std" in self.found:
                middle.errorbar(
                    micro, self.found["exponent_mean"], self.found["exponent_std"], fmt=".", color=style.BLUE, lw=0.8
                )
            if not noisy:
                right.text(0.5, 0.5, "no read noise", transform=right.transAxes, ha="center", color=style.GREY)
                right.set_xlim(left.get_xlim())
                right.set_yticks([])
            left.set_ylabel("conductance, mean and std [µS]")
            middle.set_ylabel("drift exponent, mean and std")
            right.set_ylabel("read noise over conductance")
            left.legend()
            for axes in (left, middle, right):
                axes.set_xlabel("target [µS]")
        return figure


def round_trip(
    target_name: str,
    source: LevelStatistics,
    found: Carried | Mapping[str, np.ndarray],
    reasons: Mapping[str, str],
    lost: tuple[str, ...],
    samples: int,
) -> RoundTrip:
    """The report on what a target draws (or, without samples, on the moments that its files hold)."""
    values = found._asdict() if isinstance(found, Carried) else dict(found)
    return RoundTrip(target_name, source, values, dict(reasons), lost, samples)

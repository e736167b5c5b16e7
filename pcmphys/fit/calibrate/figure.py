"""Figure of a calibration: every quantity that data are of, and what the cell gives."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.calibrate.curves import CalibratedCurve
from pcmphys.plot import style
from pcmphys.plot.figures import plain, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PREFIXES = ((1e-9, "n"), (1e-6, "µ"), (1e-3, "m"), (1.0, ""), (1e3, "k"))


def calibration_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """A panel for each quantity that data are of."""
    columns = min(3, len(fit.curves))
    rows = math.ceil(len(fit.curves) / columns)
    with style.figure(rows, columns, figsize=(4.2 * columns, 3.3 * rows), squeeze=False) as (figure, axes):
        for panel, curve in zip(axes.flat, fit.curves, strict=False):
            _draw(panel, curve)
        for panel in list(axes.flat)[len(fit.curves) :]:
            panel.set_visible(False)
        handles = {text: line for panel in axes.flat for line, text in zip(*panel.get_legend_handles_labels())}
        figure.legend(
            handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles), frameon=False, fontsize=9
        )
    if path is not None:
        save_figure(figure, path)
    return figure


def _draw(axes: Any, curve: CalibratedCurve) -> None:
    along, axis = _scaled(curve.x, curve.axis_unit)
    size, unit = _scaled(np.concatenate([curve.value, curve.found]), curve.unit)
    x = curve.x * along
    there = np.isfinite(curve.value)
    # measured, or computed from what is published: the data's own words tell, not the figure
    for held_out, face, label in ((False, style.BLACK, "data"), (True, "white", "data, held out")):
        some = there & (curve.held_out == held_out)
        if some.any():
            axes.errorbar(
                x[some], curve.value[some] * size, curve.error[some] * size, fmt="o", ms=4, mfc=face, mec=style.BLACK,
                ecolor=style.GREY, elinewidth=0.7, label=label, zorder=3,
            )  # fmt: skip
    axes.plot(x, curve.before * size, "--", color=style.VERMILION, lw=1.2, label="cell before")
    axes.plot(x, curve.found * size, color=style.BLUE, lw=1.6, label="calibrated cell")
    low, high = (curve.found - 2.0 * curve.found_error) * size, (curve.found + 2.0 * curve.found_error) * size
    axes.fill_between(x, low, high, color=style.BLUE, alpha=0.2, lw=0)
    if x.min() > 0.0 and x.max() > 20.0 * x.min():
        axes.set_xscale("log")
    axes.set_xlabel(plain(f"{curve.axis}{axis}"))
    axes.set_ylabel(plain(f"{curve.label}{unit}"))
    axes.set_title(plain(curve.experiment), fontsize=10)


def _scaled(values: np.ndarray, unit: str) -> tuple[float, str]:
    """Factor to numbers that are read easily, and the unit with its prefix in brackets."""
    if unit == "1":
        return 1.0, ""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 1.0
    if unit not in ("S", "A", "V", "ohm"):
        return 1.0, f" [{unit}]"
    size, prefix = max((one for one in _PREFIXES if one[0] <= largest), default=_PREFIXES[0])
    return 1.0 / size, f" [{prefix}{unit}]"

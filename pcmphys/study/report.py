"""The report of a study: one self-contained HTML file, a picture, and tables for the terminal.

Each kind of study may name a report of its own (see `Kind`); a kind without one gets a list of its results.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pcmphys.numerics.files import write_whole
from pcmphys.plot import page as pages
from pcmphys.plot.page import PageTable
from pcmphys.study.kind import Report
from pcmphys.study.registry import kind_of

if TYPE_CHECKING:
    import xarray as xr


def write(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write the report of a study's data set, whole or not at all; returns its path."""
    return write_whole(path, page(dataset).encode())


def write_overview(dataset: xr.Dataset, path: str | Path) -> Path | None:
    """Write the picture that says most about a study; returns its path (None: this kind has none)."""
    report = _report(dataset)
    if report is None:
        return None
    return write_whole(path, pages.png(report.overview(dataset)))


def page(dataset: xr.Dataset) -> str:
    """The HTML text of a report."""
    report = _report(dataset)
    if report is not None:
        return pages.whole(dataset.attrs["title"], report.body(dataset))
    results = pages.variables(dataset)
    return pages.whole(dataset.attrs["title"], [pages.heading("Results"), pages.table(results), pages.sources(dataset)])


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """The results as tables that fit on a terminal."""
    report = _report(dataset)
    return [pages.variables(dataset)] if report is None else report.tables(dataset)


def remarks(dataset: xr.Dataset) -> list[str]:
    """Lines that belong below these tables."""
    report = _report(dataset)
    return [] if report is None else report.remarks(dataset)


def _report(dataset: xr.Dataset) -> Report | None:
    kind = kind_of(dataset.attrs["study"])
    return None if kind is None else kind.report

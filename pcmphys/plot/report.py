"""The report of a study: one self-contained HTML file, a picture, and tables for the terminal.

Each kind of study may have a module of its own here, with ``body``, ``overview``, ``tables`` and ``remarks``; a kind
without one gets a list of its results.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from pcmphys._files import write_whole
from pcmphys.plot import _page, network_report, selector_report
from pcmphys.plot._page import Table

_REPORTS: dict[str, ModuleType] = {"network": network_report, "selector-margin": selector_report}


def write(dataset, path) -> Path:
    """Write the report of a study's data set, whole or not at all; returns its path."""
    return write_whole(path, page(dataset).encode())


def write_overview(dataset, path) -> Path | None:
    """Write the picture that says most about a study; returns its path (None: this kind has none)."""
    report = _report(dataset)
    if report is None:
        return None
    return write_whole(path, _page.png(report.overview(dataset)))


def page(dataset) -> str:
    """The HTML text of a report."""
    report = _report(dataset)
    if report is not None:
        return _page.whole(dataset.attrs["title"], report.body(dataset))
    results = _page.variables(dataset)
    return _page.whole(dataset.attrs["title"], [_page.table(results.headings, results.rows), _page.sources(dataset)])


def tables(dataset) -> list[Table]:
    """The results as tables that fit on a terminal."""
    report = _report(dataset)
    return [_page.variables(dataset)] if report is None else report.tables(dataset)


def remarks(dataset) -> list[str]:
    """Lines that belong below these tables."""
    report = _report(dataset)
    return [] if report is None else report.remarks(dataset)


def _report(dataset) -> ModuleType | None:
    return _REPORTS.get(dataset.attrs["study"])

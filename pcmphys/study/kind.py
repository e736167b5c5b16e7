"""A kind of study: what its file may say, how that becomes work, and how the results are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pcmphys.plot.page import PageTable
from pcmphys.study.plan import Plan
from pcmphys.study.settings import Settings

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


class Report(Protocol):
    """What the report of a kind offers (a module of its folder does); each function takes the study's data set."""

    def body(self, dataset: xr.Dataset) -> list[str]:
        """Parts of the HTML page below its title."""
        ...

    def overview(self, dataset: xr.Dataset) -> Figure:
        """The matplotlib figure that says most about the study."""
        ...

    def tables(self, dataset: xr.Dataset) -> list[PageTable]:
        """The results as tables that fit on a terminal."""
        ...

    def remarks(self, dataset: xr.Dataset) -> list[str]:
        """Lines that belong below these tables."""
        ...


@dataclass(frozen=True)
class Kind:
    """One kind of study; a new one is a folder that makes such an object, and a line in `registry`.

    Attributes
    ----------
    settings : type of Settings
        What a file of this kind may say.
    plan : callable
        Makes a `Plan` of such settings; whatever can be wrong before anything has run is found there.
    report : Report or None
        How results are shown; None: as a list of them.
    """

    settings: type[Settings]
    plan: Callable[[Any], Plan]
    report: Report | None = None

    @property
    def name(self) -> str:
        """Value of the key ``study`` in files and data sets of this kind."""
        return self.settings.model_fields["study"].default

    @property
    def built_in(self) -> str:
        """Name of the study that has all the defaults."""
        return self.settings.built_in

    @property
    def template(self) -> str:
        """Commented study file with all defaults."""
        return self.settings.template

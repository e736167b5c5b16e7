"""From a technology's name to its cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, overload

from pcmphys.cells.film import FilmCell, FilmParameters
from pcmphys.cells.kind import CellKind
from pcmphys.cells.mushroom.cell import MushroomCell
from pcmphys.cells.mushroom.parameters import MushroomParameters
from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.cells.statistical.cell import StatisticalCell
from pcmphys.cells.statistical.laws import StatisticalParameters
from pcmphys.errors import ParameterError
from pcmphys.numerics.check import suggest
from pcmphys.numerics.doors import Kinds
from pcmphys.parameters import fill, read_technology
from pcmphys.parameters.choices import chosen
from pcmphys.parameters.units import in_own_units


def _complaint(name: str, kind: object) -> str | None:
    return None if isinstance(kind, CellKind) else f"expected a CellKind; got {type(kind).__name__}"


# a new kind of cell is one line here, or an entry point of another package
MODELS: Kinds[CellKind] = Kinds(
    "pcmphys.cells",
    {
        "statistical": CellKind(StatisticalParameters, StatisticalCell),
        "mushroom": CellKind(MushroomParameters, MushroomCell),
        "film": CellKind(FilmParameters, FilmCell),
        "pulsed": CellKind(PulsedParameters, PulsedCell),
    },
    _complaint,
)
"""All kinds of cell, by the ``model`` of their parameter files."""


@overload
def load_cell(name_or_path: Literal["ibm-90nm-doped-gst", "ibm-90nm-projected"]) -> MushroomCell: ...
@overload
def load_cell(name_or_path: Literal["ibm-90nm-statistical", "hermes-14nm-statistical"]) -> StatisticalCell: ...
@overload
def load_cell(name_or_path: Literal["gst225-film"]) -> FilmCell: ...
@overload
def load_cell(
    name_or_path: Literal[
        "capacitor-li2018",
        "ecram-kim2019",
        "ecram-tang2018",
        "pcm-nandakumar2018",
        "pcm-nandakumar2020",
        "rpu-gokmen2016",
        "rpu-rasch2019",
        "rram-gong2018",
        "rram-gong2018-softbounds",
        "rram-gong2022-hfo2",
        "rram-gong2022-optimised",
    ],
) -> PulsedCell: ...
@overload
def load_cell(name_or_path: str | Path) -> Any: ...
def load_cell(name_or_path: str | Path) -> Any:
    """Load a technology.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a cell that pcmphys or another installed package ships (`pcmphys.list_cells`), or the path of a
        parameter file.

    Returns
    -------
    StatisticalCell, MushroomCell, PulsedCell, FilmCell, or a kind of another package
        By the model of the technology, see `pcmphys.cells.kind`.

    Raises
    ------
    ParameterError
        The name is unknown, or the file has an unknown, missing or wrong entry; the message names file and key.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> cell = pcm.load_cell("ibm-90nm-statistical")
    >>> cell.conductance_maximum
    2.5e-05
    """
    technology = read_technology(name_or_path)
    if technology.model not in MODELS:
        raise ParameterError(
            f"{technology.file}: model: expected one of {', '.join(MODELS)}; got {technology.model!r}"
            f"{suggest(technology.model, MODELS)}"
        )
    kind = MODELS[technology.model]
    made = in_own_units(kind.parameters, chosen(kind.parameters, technology))
    return kind.cell(fill(kind.parameters, made), made)

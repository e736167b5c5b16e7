"""Names that the shell completes: of cells, of studies, of parameter and study files. Nothing heavy is loaded."""

from __future__ import annotations

from pathlib import Path

STUDIES = ("digits", "selector-margin", "design-space", "layers", "chip", "chip-scale", "training")
"""Built-in studies, for the help and completion, which must not load what runs them."""


def complete_study(incomplete: str) -> list[str]:
    """Built-in studies, those of other packages, and study files."""
    from pcmphys.numerics.doors import entry_points

    names = [*STUDIES, *sorted(entry_points("pcmphys.studies"))]
    return [name for name in names if name.startswith(incomplete)] + _toml_files(incomplete)


def complete_cell(incomplete: str) -> list[str]:
    """Technologies and parameter files."""
    from pcmphys.parameters import list_cells

    return [name for name in list_cells() if name.startswith(incomplete)] + _toml_files(incomplete)


def _toml_files(incomplete: str) -> list[str]:
    return sorted(path.name for path in Path().glob("*.toml") if path.name.startswith(incomplete))

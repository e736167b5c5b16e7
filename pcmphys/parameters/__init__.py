"""Parameter files: one TOML a technology, every number with unit, source and kind.

``kind`` is measured, fit, derived, assumed, or user (changed by `but`). A measured, fitted or derived number names
its source as 'bibkey, place' from ``references.bib`` or the .bib file beside your own; an assumed one says why in a
note. Files may stand on another one by ``base``. Wrong keys, units and ranges are errors that name file and key.

>>> import pcmphys as pcm
>>> technology = pcm.load_cell("ibm-90nm-projected").technology
>>> technology.quantities["liner.sheet_resistance"].kind
'assumed'
>>> print(pcm.cite(pcm.load_cell("ibm-90nm-statistical")).splitlines()[0])
@article{joshi2020,
"""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys.parameters.loader import fill, read_technology
    from pcmphys.parameters.references import bibliography, cite
    from pcmphys.parameters.schema import Quantity, Technology
    from pcmphys.parameters.shipped import list_cells, list_chips
    from pcmphys.parameters.writing import save_cell
else:
    __getattr__, __dir__ = attach(
        __name__,
        {
            "pcmphys.parameters.loader": "fill read_technology",
            "pcmphys.parameters.references": "bibliography cite",
            "pcmphys.parameters.schema": "Quantity Technology",
            "pcmphys.parameters.shipped": "list_cells list_chips",
            "pcmphys.parameters.writing": "save_cell",
        },
    )

__all__ = [
    "Quantity",
    "Technology",
    "bibliography",
    "cite",
    "fill",
    "list_cells",
    "list_chips",
    "read_technology",
    "save_cell",
]

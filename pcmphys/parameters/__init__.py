"""Parameter files: one TOML a technology, every number with unit, source and kind."""

from pcmphys.parameters.loader import fill, list_cells, read_technology
from pcmphys.parameters.references import bibliography, cite
from pcmphys.parameters.schema import Quantity, Technology

__all__ = ["Quantity", "Technology", "bibliography", "cite", "fill", "list_cells", "read_technology"]

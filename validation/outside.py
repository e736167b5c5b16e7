"""Programs that pcmphys is held against but does not need."""

from __future__ import annotations

import logging

import numpy as np

from validation.result import MissingProgram


def badcrossbar():
    """Import badcrossbar without its progress messages."""
    try:
        import badcrossbar as module
    except ImportError as error:
        raise MissingProgram(f"badcrossbar: needs pip install .[validation] ({error})") from None
    if not hasattr(module, "compute"):
        raise MissingProgram("badcrossbar: installed, but it could not load its own solver")
    logging.getLogger("badcrossbar").setLevel(logging.WARNING)
    return module


def badcrossbar_solve(cells: np.ndarray, voltage: np.ndarray, row: float, column: float, everything: bool = True):
    """Solve one array with badcrossbar; ``voltage`` has shape (rows, batch)."""
    return badcrossbar().compute(
        voltage,
        1.0 / cells,
        r_i_word_line=row,
        r_i_bit_line=column,
        node_voltages=everything,
        all_currents=everything,
    )


def cholmod():
    """Import CHOLMOD's Cholesky factorisation, or None where scikit-sparse is not installed."""
    try:
        from sksparse.cholmod import cholesky
    except ImportError:
        return None
    return cholesky

"""What this room needs besides pcmphys itself."""

from __future__ import annotations

import re

LEAST = (2, 6)
"""Oldest version of PyTorch that is used in the tests."""


def require_torch() -> None:
    """Refuse to go on without PyTorch, or with one that is too old, in one line that says how to install it.

    Raises
    ------
    ImportError
        PyTorch is absent, cannot be loaded or is too old.
    """
    least = ".".join(map(str, LEAST))
    install = 'pip install "pcmphys[torch]"'
    try:
        import torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"pcmphys.nn needs PyTorch {least} or newer, which is not installed: {install}") from None
    found = tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2])
    if found < LEAST:
        raise ImportError(f"pcmphys.nn needs PyTorch {least} or newer; found {torch.__version__}: {install}")

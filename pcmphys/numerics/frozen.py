"""Objects that never change: their arrays are read-only, and stay so on the way to another process."""

from __future__ import annotations

from typing import Any

import numpy as np


class Frozen:
    """Base of classes all of whose arrays are read-only: so are those of their copies, deep or from a pickle.

    Examples
    --------
    >>> import copy
    >>> class Line(Frozen):
    ...     def __init__(self, values):
    ...         self.values = np.array(values)
    ...         self.values.flags.writeable = False
    >>> copy.deepcopy(Line([1.0, 2.0])).values.flags.writeable
    False
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        # numpy's copies and pickles are writeable whatever their original was
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        self.__dict__.update(state)

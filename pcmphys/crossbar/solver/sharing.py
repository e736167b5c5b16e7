"""Share the lines of a crossbar among the threads, if it is large."""

from __future__ import annotations

from typing import Any

from pcmphys.crossbar.solver.lines import ROWS_AT_ONCE, Network
from pcmphys.numerics.compile import launch, thread_count

LARGE = 2**18
"""From this many cells on, one solve is shared by the threads: below, handing over costs more than it saves."""
COLUMNS_AT_ONCE = 8
"""Bit lines between which runs of them may end."""


def threaded(net: Network) -> bool:
    """Whether one solve is shared by the threads."""
    return net.conductance.size >= LARGE and thread_count() > 1


def rows_of(task: Any, net: Network, *arguments: Any) -> None:
    """Run a task over the word lines, on the threads if the array is large."""
    count = net.conductance.shape[0]
    launch(task, count, net, *arguments, align=ROWS_AT_ONCE, grain=1 if threaded(net) else count)


def columns_of(task: Any, net: Network, *arguments: Any) -> None:
    """Run a task over the bit lines, on the threads if the array is large."""
    count = net.conductance.shape[1]
    launch(task, count, net, *arguments, align=COLUMNS_AT_ONCE, grain=1 if threaded(net) else count)

"""What a chunk of a study runs in, wherever that is: the same program, its part of the threads, the same bits."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics.cache import source_fingerprint
from pcmphys.numerics.compile import SharedThreads, single_thread
from pcmphys.numerics.parts import Part


@functools.cache
def program() -> str:
    """Hash of the sources of this process's pcmphys."""
    return source_fingerprint()


def computed(expected: str, function: Callable[..., Part], *arguments: Any) -> Part:
    """The part that ``function`` gives; chunks are the parallel work, so each stays on its thread.

    Parameters
    ----------
    expected : str
        `program` of the process that asks: a worker with another one would mix two versions in one data set.

    Raises
    ------
    ParameterError
        This process runs another version of pcmphys.
    """
    if program() != expected:
        raise ParameterError(
            f"executor: the worker on {socket.gethostname()} runs another version of pcmphys than this process; "
            "install the same one on both and start the worker again"
        )
    with single_thread():
        return function(*arguments)


def computed_here(threads: SharedThreads, function: Callable[..., Part], *arguments: Any) -> Part:
    """The part that ``function`` gives, in a thread of this process.

    Chunks run side by side; where fewer are left than there are ``threads``, these share them.
    """
    with threads.shared():
        return function(*arguments)

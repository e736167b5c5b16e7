"""How much memory a fit needs and how much there is: refused beforehand, not in the middle."""

from __future__ import annotations

import math
import os
from pathlib import Path

from pcmphys.errors import ParameterError

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # containers: version 2, 1
_USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


def check(reads: int, matrices: int) -> None:
    """Refuse a fit of ``reads`` reads a device that holds so many square matrices of them at once.

    Raises
    ------
    ParameterError
        With the memory needed, what there is, and how many reads fit.
    """
    free = available()
    needed = 8.0 * matrices * reads**2
    if free is not None and needed > free:
        raise too_many(reads, matrices, free)


def too_many(reads: int, matrices: int, free: float | None = None) -> ParameterError:
    """The error of `check`; without ``free`` half the reads are proposed."""
    fit = reads // 2 if free is None else max(int(math.sqrt(max(free, 0.0) / (8.0 * matrices))), 3)
    step = 10 ** max(len(str(fit)) - 2, 0)
    fit = fit // step * step  # two digits, rounded down
    there = "more than there is" if free is None else f"{_spoken(free)} is free"
    return ParameterError(
        f"{reads} reads a device need {_spoken(8.0 * matrices * reads**2)} of memory ({there}); about {fit} fit, in a "
        "time that grows with their cube. Thin them, evenly in the logarithm of time: "
        "keep = np.unique(np.geomspace(1, time.size, 1000).astype(int)) - 1; "
        "drift(time[keep], conductance[..., keep]); start= leaves out early reads"
    )


def available() -> float | None:
    """Memory [byte] that this process can still get, as far as the system tells; None where it does not."""
    return min((value for value in (_of_machine(), _of_container(), _of_process()) if value is not None), default=None)


def _of_machine() -> float | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * float(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return None


def _of_container() -> float | None:
    for limit, used in zip(_LIMITS, _USED, strict=True):
        try:
            most = float(Path(limit).read_text(encoding="ascii"))  # "max": no limit
            # files that are kept in memory count as used, but make room
            return max(most - float(Path(used).read_text(encoding="ascii")), 0.1 * most)
        except (OSError, ValueError):
            continue
    return None


def _of_process() -> float | None:
    """What ``ulimit -v`` leaves."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError, ValueError, IndexError):
        return None
    if limit == resource.RLIM_INFINITY:
        return None
    return float(limit - pages * os.sysconf("SC_PAGE_SIZE"))


def _spoken(size: float) -> str:
    return f"{size / 1e9:.2g} GB" if size < 1e11 else f"{size / 1e9:.0f} GB"

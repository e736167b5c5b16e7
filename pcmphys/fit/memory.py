"""How much memory there is, so that what does not fit is refused beforehand, not in the middle."""

from __future__ import annotations

import os
from pathlib import Path

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # containers: version 2, 1
_USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


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

"""How much of the public face type checkers know: ``python -m validation.types`` fails below the least share.

It needs basedpyright (``pip install -e ".[lint]"``), whose wheel brings its own runtime.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

LEAST = 0.97


def completeness(package: str = "pcmphys") -> tuple[float, list[str]]:
    """Share of the exported names whose types are known, and a line on each of the others."""
    command = [sys.executable, "-m", "basedpyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        found = json.loads(done.stdout)["typeCompleteness"]
    except (ValueError, KeyError):
        raise RuntimeError(f"basedpyright found no types of {package}: {done.stderr or done.stdout}") from None
    unknown = [name for name in found["symbols"] if name["isExported"] and not name["isTypeKnown"]]
    lines = [f"{name['name']}: {one['message']}" for name in unknown for one in name["diagnostics"]]
    return found["completenessScore"], sorted(set(lines))


def main() -> int:
    """Print the share and what is missing from it; 1 if it is too small."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--least", type=float, default=LEAST, help=f"least share that passes (default: {LEAST})")
    least = parser.parse_args().least
    share, unknown = completeness()
    print(*unknown, sep="\n")
    print(f"types known to checkers: {share:.1%} of the public face (at least {least:.0%})")
    return 0 if share >= least else 1


if __name__ == "__main__":
    sys.exit(main())

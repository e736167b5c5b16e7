"""Command line of the benchmarks: ``python -m validation.bench [--quick] [TOPIC ...]``."""

from __future__ import annotations

import argparse
import pathlib

from validation.bench import TOPICS, describe_machine, measure


def main() -> None:
    """Measure the topics asked for."""
    parser = argparse.ArgumentParser(prog="python -m validation.bench", description="Speed and memory of pcmphys.")
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"{', '.join(TOPICS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing required: only that it runs")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parents[1] / "out", metavar="DIR")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.topics) - set(TOPICS))
    if unknown:
        parser.error(f"no topic {', '.join(unknown)}; there are {', '.join(TOPICS)}")
    print(describe_machine())
    measure(arguments.out, arguments.quick, tuple(arguments.topics) or TOPICS)


if __name__ == "__main__":
    main()

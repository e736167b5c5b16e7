"""The command line: one file a group of commands, found by `entry`."""

from pcmphys.cli.entry import app, main

__all__ = ["app", "main"]

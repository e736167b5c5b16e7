"""The command line."""

from pcmphys.cli.commands import app, main

__all__ = ["app", "main"]

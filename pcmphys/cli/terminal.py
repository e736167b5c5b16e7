"""What the command line shows: on a terminal, in a pipe, in any encoding, and nothing that a file could hide in it."""

from __future__ import annotations

import codecs
import os
import sys
import time
import unicodedata
import warnings
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_PLAIN = {
    "±": "+-", "×": "x", "Ω": "ohm", "µ": "u", "≤": "<=", "≥": ">=", "–": "-", "—": "-", "…": "...", "°": "deg",
    "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
"""What stands for a character that the terminal's encoding does not have."""
_SECONDS_BETWEEN_LINES = 5.0
_STARTING = "starting (the first run compiles for a while)"


def prepare() -> None:
    """Let no character stop a command at its very end, and make each warning one line."""
    codecs.register_error("pcmphys", lambda error: (_plain(error.object[error.start : error.end]), error.end))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="pcmphys")
    warnings.showwarning = _warn


def _plain(text: str) -> str:
    # a letter with a mark is at least its letter
    return "".join(
        _PLAIN.get(c) or unicodedata.normalize("NFKD", c)[0].encode("ascii", "replace").decode() for c in text
    )


def _warn(message, category, filename, lineno, file=None, line=None) -> None:
    note(f"warning: {message}")


def silence_output() -> None:
    """Drop what is still to be printed: an output that cannot take it would complain once more at the very end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clean(text: object) -> str:
    r"""Text with its control characters made visible: a title must not move the cursor or change the colours.

    Examples
    --------
    >>> clean("red: \x1b[31m")
    'red: \\x1b[31m'
    """
    return "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else _visible(c) for c in str(text))


def _visible(character: str) -> str:
    return character.encode("unicode_escape").decode()


def say(text: object) -> None:
    """Print plain text."""
    typer.echo(clean(text))


def note(text: object) -> None:
    """Print a line that is no result."""
    typer.echo(clean(text), err=True)


def complain(text: object) -> None:
    """Print an error as one line."""
    error_console().print(f"[bold red]error:[/] {escaped(text)}")


def escaped(text: object) -> str:
    """Clean text in which rich finds no markup."""
    from rich.markup import escape

    return escape(clean(text))


def error_console() -> Console:
    """The console for what is not a result."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, highlight=False)


def show_table(table: Table, narrow: Table | None = None) -> None:
    """Print a table; in a pipe as wide as it needs, on a terminal too narrow for it the ``narrow`` one."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    needed = Measurement.get(console, console.options.update(width=100_000), table).maximum
    if not console.is_terminal:
        console = Console(width=max(console.width, needed))
    shown = narrow if narrow is not None and needed > console.width else table
    for column in shown.columns:
        column.overflow = "fold"  # cut text would be lost text
    console.print(shown, crop=False)


class Bar:
    """Progress: a bar on a terminal, elsewhere a line every few seconds, for logs."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._console = error_console()
        self._bar = None
        self._start = self._last = time.monotonic()

    def __enter__(self) -> Bar:
        if not self._console.is_terminal:
            return self
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        text, percent = TextColumn("{task.description}"), TextColumn("{task.percentage:>3.0f} %")
        self._bar = Progress(text, BarColumn(), percent, TimeElapsedColumn(), console=self._console, transient=True)
        self._bar.start()
        self._task = self._bar.add_task(_STARTING, total=None)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def steps(self, done: int, total: int) -> None:
        """Show how far the run is."""
        if self._bar is not None:
            # the first steps compile, which the bar cannot foresee
            text = self._doing if done else _STARTING
            self._bar.update(self._task, completed=done, total=total, description=text)
        elif not done:
            self._line(_STARTING)
        elif done == total or time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES:
            self._line(f"{self._doing}: {done} of {total} steps after {time.monotonic() - self._start:.0f} s")

    def say(self, text: str) -> None:
        """Show what is being done now."""
        if self._bar is not None:
            self._bar.update(self._task, description=text)
        else:
            self._line(text)

    def _line(self, text: str) -> None:
        self._last = time.monotonic()
        note(text)

"""Errors of the Python functions behind a command, in the words of the command line: ``start=0`` is ``--start 0``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_CALLED = {"conductance_error": "error", "noise_slope": "slope"}
"""Arguments whose options have another name."""
_CALL = re.compile(r"\bread(?:_table)?\(file, ([^()]*)\)")
_KNOWN = ("conductance", "resistance", "current", "voltage", "amplitude", "temperature", "thickness", "time", "pulse")
"""Columns that a message may name without their unit."""
_BESIDE = " (--column on the command line)"
_ARGUMENT = re.compile(
    r"""(?<![\w'"/.\\-])([a-z]\w*)(?:=| = (?=\[))('[^']*'|\[(?:'[^']*'(?:, )?)+\]|True|[-+.\w]+(?<!\.))?"""
)
_SUBJECT = re.compile(r"([a-z]\w*)(?= (?:must|is|needs|holds)\b)")


def spoken(text: object, command: Any) -> str:
    """An error with the arguments that it names as options of a command.

    Parameters
    ----------
    text : object
        The error, in words of the Python function: ``negative='skip'``, ``names = ['t[s]', 'g[uS]']``, ``start=``.
    command : click.Command
        Whose options they may be; what is none of them stays as it is, but a column is ``--column``, if there is one.

    Examples
    --------
    >>> import click
    >>> command = click.Command("show", params=[click.Option(["--start"]), click.Option(["--overwrite"], is_flag=True)])
    >>> spoken("a.csv: time 0 s; start= leaves out reads before that time, start=0 keeps it; overwrite=True", command)
    'a.csv: time 0 s; --start leaves out reads before that time, --start 0 keeps it; --overwrite'
    """
    options = _options(command)
    if not options:
        return str(text)
    words = _CALL.sub(r"\1", str(text)).replace(_BESIDE, "")
    subject = _SUBJECT.match(words)
    if subject is not None and _is_option(subject[1], words, options):
        # a word of one piece may come again as a word
        words = re.sub(rf"\b{subject[1]}\b", options[subject[1]], words, count=0 if "_" in subject[1] else 1)
    return _ARGUMENT.sub(lambda found: _said(found, options), words)


def _options(command: Any) -> dict[str, str]:
    """Options of a command by the names of their arguments."""
    found = {one.name: max(one.opts, key=len) for one in command.params if one.opts[0].startswith("-")}
    return found | {name: found[option] for name, option in _CALLED.items() if option in found}


def _is_option(name: str, words: str, options: dict[str, str]) -> bool:
    """Whether what an error begins with is an argument, and no word or column of the data."""
    return name in options and (
        "_" in name or words.startswith((f"{name} must be one of ", f"{name} must be a number"))
    )


def _said(found: re.Match[str], options: dict[str, str]) -> str:
    """An argument and its value, if it has one, as one types it."""
    name, value = found[1], found[2] or ""
    if name in options:
        return options[name] if value in ("", "True") else f"{options[name]} {_typed(value)}"
    if "column" in options and value.startswith("'") and (value.endswith("]'") or name in _KNOWN):
        return f"{options['column']} '{name}={value[1:-1]}'"
    return found[0]


def _typed(value: str) -> str:
    if value.startswith("["):
        value = "'" + value[2:-2].replace("', '", ",") + "'"
    return value[1:-1] if re.fullmatch(r"'[\w.+-]+'", value) else value


def called(app: Any, words: Sequence[str]) -> Any:
    """The command that a command line calls, or the group where it names none."""
    command = app
    for word in words:
        if word.startswith("-"):
            continue
        inner = getattr(command, "commands", {}).get(word)
        if inner is None:
            break
        command = inner
    return command


def elsewhere(app: Any, name: str) -> str:
    """Where a command is that was looked for in the wrong group: ``fit drift`` for drift; empty if nowhere."""
    groups = getattr(app, "commands", {})
    return next((f"{group} {name}" for group, one in groups.items() if name in getattr(one, "commands", {})), "")

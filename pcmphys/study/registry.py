"""All kinds of study (a new one is a file of its own and a line here); a checked study from whatever a user gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.parameters.toml_file import read_toml
from pcmphys.study.network.settings import StudyConfig
from pcmphys.study.selector_margin.settings import SelectorMarginConfig
from pcmphys.study.settings import Settings, validated

KINDS: tuple[type[Settings], ...] = (StudyConfig, SelectorMarginConfig)
"""The first is what a study file without the key ``study`` is, and what runs if nothing is given."""


def built_in(name: str | None) -> type[Settings]:
    """Kind of a built-in study.

    Raises
    ------
    ParameterError
        There is none of that name.
    """
    if name is None:
        return KINDS[0]
    kinds = {kind.built_in: kind for kind in KINDS}
    return kinds[check.choice("study", name, kinds)]


def read_config(source: Settings | dict[str, Any] | str | Path | None = None) -> Settings:
    """A checked study from a file's path, a dictionary, the name of a built-in study, or nothing (`digits`).

    Relative paths in a file count from the file's folder, those in a dictionary from the current one.

    Raises
    ------
    ParameterError
        Unreadable file, unknown kind or key (a near miss is suggested), wrong value; the message names file and key.
    """
    if isinstance(source, Settings):
        return source
    if source is None or isinstance(source, dict):
        return _validated(source or {}, "study")
    names = [kind.built_in for kind in KINDS]
    if str(source) in names:
        return built_in(str(source))()
    try:
        path = Path(source).expanduser()
        content = read_toml(path, str(source))
    except OSError as error:
        raise ParameterError(
            f"study {str(source)!r}: cannot be read ({error.strerror or error}); expected a TOML file "
            f"or the name of a built-in study: {', '.join(names)}{check.suggest(source, names)}"
        ) from None
    except TypeError:
        raise ParameterError(
            f"study must be a path, a name, a dictionary or settings; got {type(source).__name__}"
        ) from None
    return _validated(content, str(source)).located(path.parent)


def _validated(content: dict[str, Any], name: str) -> Settings:
    kinds = {kind.model_fields["study"].default: kind for kind in KINDS}
    if "study" not in content:
        return validated(KINDS[0], content, name)
    return validated(kinds[check.choice(f"{name}: study", content["study"], kinds)], content, name)

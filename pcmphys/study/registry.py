"""All kinds of study, and a checked study from what a user gives.

A new kind is a folder of its own and a line here, or an entry point of another package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.doors import Kinds
from pcmphys.parameters.toml_file import read_toml
from pcmphys.study.chip.study import KIND as CHIP
from pcmphys.study.chip_scale.study import KIND as CHIP_SCALE
from pcmphys.study.design_space.study import KIND as DESIGN_SPACE
from pcmphys.study.kind import Kind
from pcmphys.study.layers.study import KIND as LAYERS
from pcmphys.study.network.study import KIND as NETWORK
from pcmphys.study.plan import Plan
from pcmphys.study.selector_margin.study import KIND as SELECTOR_MARGIN
from pcmphys.study.settings import Settings, validated
from pcmphys.study.training.study import KIND as TRAINING

KINDS: tuple[Kind, ...] = (NETWORK, SELECTOR_MARGIN, DESIGN_SPACE, LAYERS, CHIP, CHIP_SCALE, TRAINING)
"""Our own. The first is what a study file without the key ``study`` is, and what runs if nothing is given."""


def kinds() -> Kinds[Kind]:
    """All kinds of study by the value of their key ``study``: ours and those that other packages add."""
    return Kinds("pcmphys.studies", {kind.name: kind for kind in KINDS}, _complaint)


def _complaint(name: str, kind: object) -> str | None:
    if not isinstance(kind, Kind):
        return f"expected a Kind (pcmphys.study.kind); got {type(kind).__name__}"
    if kind.name != name or kind.built_in != name:
        return f"its key study is {kind.name!r} and its built-in study {kind.built_in!r}; both must be {name!r}"
    return None


def studies() -> list[str]:
    """Names of the built-in studies; nothing of another package is loaded."""
    return [kind.built_in for kind in KINDS] + list(kinds().added)


def kind_of(study: Settings | str) -> Kind | None:
    """Kind of a study by its settings, or by the value of their key ``study``; None: not a known one."""
    kind = kinds().get(study if isinstance(study, str) else getattr(study, "study", ""))
    return kind if kind is None or isinstance(study, (str, kind.settings)) else None


def plan_of(settings: Settings) -> Plan:
    """The study, ready to run; whatever can be wrong before anything has run is found here.

    Raises
    ------
    ParameterError
        Settings of an unknown kind, or a study that cannot be.
    """
    kind = kind_of(settings)
    if kind is None:
        known = ", ".join([*(kind.settings.__name__ for kind in KINDS), *kinds().added])
        raise ParameterError(f"study must be settings of a known kind ({known}); got {type(settings).__name__}")
    return kind.plan(settings)


def built_in(name: str | None) -> type[Settings]:
    """Settings of a built-in study.

    Raises
    ------
    ParameterError
        There is none of that name.
    """
    if name is None:
        return KINDS[0].settings
    own = {kind.built_in: kind for kind in KINDS}
    check.choice("study", name, studies())
    return (own[name] if name in own else kinds()[name]).settings


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
    names = studies()
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
    if "study" not in content:
        return validated(KINDS[0].settings, content, name)
    known = kinds()
    return validated(known[check.choice(f"{name}: study", content["study"], known)].settings, content, name)

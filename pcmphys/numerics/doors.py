"""Kinds that other installed packages add: found by their entry points, loaded when they are first used.

A package says in its pyproject.toml what it adds, and pcmphys finds it once it is installed::

    [project.entry-points."pcmphys.selectors"]
    cubic = "my_package.cubic:Cubic"
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from typing import TypeVar

from pcmphys.errors import ParameterError

T = TypeVar("T")


@functools.cache
def entry_points(group: str) -> dict[str, tuple[metadata.EntryPoint, ...]]:
    """The entry points of a group by name; several packages may claim one. Nothing of them is loaded."""
    found: dict[str, tuple[metadata.EntryPoint, ...]] = {}
    for point in metadata.entry_points(group=group):
        if point not in found.get(point.name, ()):  # a package that lies twice on the path
            found[point.name] = (*found.get(point.name, ()), point)
    return found


def claim(group: str, name: str) -> metadata.EntryPoint:
    """The entry point of a name, of the one package that has it.

    Raises
    ------
    ParameterError
        Several packages have it.
    """
    points = entry_points(group)[name]
    if len(points) > 1:
        packages = " and ".join(sorted(package_of(point) for point in points))
        raise ParameterError(f"{name!r} of {group} is offered by {packages}; uninstall all but one")
    return points[0]


def package_of(point: metadata.EntryPoint) -> str:
    """Name of the package that has an entry point."""
    return point.dist.name if point.dist is not None else point.value


class Kinds(Mapping[str, T]):
    """Kinds of one sort by name: our own, then those that installed packages add.

    Going through the names loads nothing; a kind is loaded when it is asked for.

    Parameters
    ----------
    group : str
        Group of the entry points.
    own : mapping
        Our own kinds by name; a package that offers one of these names is not used, with a warning.
    complaint : callable
        Says of a name and what a package has under it what is wrong with it, or None.
    """

    def __init__(self, group: str, own: Mapping[str, T], complaint: Callable[[str, object], str | None]):
        self.group = group
        self.own = own
        self._complaint = complaint

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from self.added

    def __len__(self) -> int:
        return len(self.own) + len(self.added)

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.added

    @property
    def added(self) -> tuple[str, ...]:
        """Names that other packages add."""
        for name in entry_points(self.group).keys() & self.own.keys():
            packages = ", ".join(package_of(point) for point in entry_points(self.group)[name])
            warnings.warn(
                f"{packages} offers {name!r} under {self.group}, which is a name of pcmphys itself; it is not used",
                stacklevel=3,
            )
        return tuple(sorted(entry_points(self.group).keys() - self.own.keys()))

    def __getitem__(self, name: str) -> T:
        if name in self.own:
            return self.own[name]
        if name not in entry_points(self.group):
            raise KeyError(name)
        point = claim(self.group, name)
        try:
            kind = point.load()
        except Exception as error:  # whatever another package does while it is imported
            raise ParameterError(
                f"{name!r} of the package {package_of(point)} cannot be loaded ({type(error).__name__}: {error})"
            ) from error
        wrong = self._complaint(name, kind)
        if wrong is not None:
            raise ParameterError(f"{name!r} of the package {package_of(point)} ({point.value}): {wrong}")
        return kind

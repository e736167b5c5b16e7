"""Browsable pages of all rooms: ``python -m validation.pages --out FOLDER`` (``pip install -e ".[docs]"`` first).

Every module's docstring is a page, by pdoc; figures that the examples in docstrings draw stand below them.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pcmphys
from pcmphys.plot import notebook, page

_SKIPPED = ("__main__",)


def modules() -> list[str]:
    """All modules of the package."""
    found = pkgutil.walk_packages(pcmphys.__path__, "pcmphys.")
    return ["pcmphys", *sorted(one.name for one in found if one.name.rpartition(".")[2] not in _SKIPPED)]


@contextlib.contextmanager
def drawn() -> Iterator[list]:
    """The figures that are made meanwhile."""
    found: list = []
    before = notebook.NotebookFigure.__init__

    def noted(self, *args, **kwargs):
        before(self, *args, **kwargs)
        found.append(self)

    notebook.NotebookFigure.__init__ = noted
    try:
        yield found
    finally:
        notebook.NotebookFigure.__init__ = before


def illustrate(name: str) -> int:
    """Put the last figure that each public function's example draws below its docstring; how many there are."""
    module, count = importlib.import_module(name), 0
    for one, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != name or one.startswith("_") or ">>>" not in (function.__doc__ or ""):
            continue
        test = doctest.DocTestParser().get_doctest(function.__doc__, vars(module).copy(), one, name, 0)
        said = io.StringIO()
        with drawn() as figures:
            doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(test, out=said.write)
        if figures:
            picture = base64.b64encode(page.png(figures[-1])).decode()
            tag = f'<img alt="" style="max-width:100%" src="data:image/png;base64,{picture}">'
            function.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n\n{tag}\n"
            count += 1
    return count


def main() -> int:
    """Write the pages."""
    import pdoc

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pages")
    out = parser.parse_args().out
    names = modules()
    figures = sum(illustrate(name) for name in names if name.startswith(("pcmphys.plot.", "pcmphys.fit.drift.of_")))
    pdoc.render.configure(docformat="numpy", math=True, footer_text=f"pcmphys {pcmphys.__version__}")
    # names that only type checkers import stay text
    warnings.filterwarnings("ignore", message="(?s).*Error parsing type annotation.*")
    pdoc.pdoc(*names, output_directory=out)
    print(f"{len(names)} modules, {figures} figures: {out / 'pcmphys.html'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

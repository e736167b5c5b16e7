"""Parts of a report, whatever it is about: one self-contained HTML page, tables that a terminal can show, too."""

from __future__ import annotations

import base64
import html
import io
import json
import string
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pcmphys.plot import style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_SHEET = string.Template("""
body{font:16px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;color:$text}
h1{font-size:1.7rem}h2{margin-top:2.2rem;border-bottom:1px solid $rule}
table{border-collapse:collapse;font-size:.9rem;margin:1rem 0}td,th{padding:.3rem .7rem;border-bottom:1px solid $rule;
text-align:right}td:first-child,th:first-child,td.l,th.l{text-align:left}figure{margin:1.5rem 0}
img{max-width:100%}figcaption{color:$caption;font-size:.9rem}.assumed{color:$assumed}pre{background:$paper;
padding:.8rem;overflow-x:auto;font-size:.8rem}
""").substitute(text=style.TEXT, caption=style.CAPTION, rule=style.RULE, paper=style.PAPER, assumed=style.ASSUMED)


class PageTable(NamedTuple):
    """A table of text: the first ``left`` columns are words, a line is drawn after every ``block`` rows."""

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
    left: int = 1
    block: int = 0


def whole(title: str, body: list[str]) -> str:
    """The page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_SHEET}</style></head><body>"
        + "\n".join([f"<h1>{html.escape(title)}</h1>", *body])
        + "</body></html>\n"
    )


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def items(texts: Iterable[str]) -> str:
    """A list of plain texts."""
    return "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of plain texts."""
    head = "".join(f"<th>{html.escape(h)}</th>" for h in headings)
    lines = ["".join(f"<td>{html.escape(str(v))}</td>" for v in row) for row in rows]
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def drawn(figure: Figure, caption: str) -> str:
    """A figure, inside the page itself, with its caption."""
    content = base64.b64encode(png(figure)).decode()
    return f'<figure><img alt="" src="data:image/png;base64,{content}"><figcaption>{caption}</figcaption></figure>'


def png(figure: Figure) -> bytes:
    """A figure as a picture."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def variables(dataset: xr.Dataset) -> PageTable:
    """What a data set holds."""
    rows = []
    for name, values in dataset.data_vars.items():
        smallest, largest = (f"{float(part):.4g}" for part in (values.min(), values.max()))
        axes = ", ".join(map(str, values.dims)) or "-"
        rows.append((name, axes, values.attrs["long_name"], values.attrs["units"], smallest, largest))
    return PageTable("results", ("variable", "axes", "meaning", "unit", "smallest", "largest"), rows, left=4)


def sources(dataset: xr.Dataset) -> str:
    """Settings, references and version behind a data set."""
    settings = json.dumps(json.loads(dataset.attrs["settings"]), indent=1)
    return (
        f"<h2>Settings and sources</h2><pre>{html.escape(settings)}</pre>"
        f"<pre>{html.escape(dataset.attrs.get('references', ''))}</pre>"
        f"<p>pcmphys {html.escape(dataset.attrs['pcmphys_version'])}</p>"
    )

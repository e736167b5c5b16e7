"""Parts of a report, whatever it is about: one self-contained HTML page, tables that a terminal can show, too."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import string
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pcmphys.plot import style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_SHEET = string.Template("""
body{font:16px/1.5 system-ui,sans-serif;max-width:1080px;margin:2rem auto;padding:0 1rem;color:$text}
h1{font-size:1.7rem}h2{margin-top:2.2rem;border-bottom:1px solid $rule}
.answer{font-size:1.15rem}nav{margin:1.5rem 0;line-height:2}nav a{margin-right:1.2rem;white-space:nowrap}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;margin:1rem 0}
td,th{padding:.3rem .7rem;border-bottom:1px solid $rule;text-align:right}
td:first-child,th:first-child,td.l,th.l{text-align:left}td.s{white-space:nowrap}th{hyphens:manual}
th.g{text-align:center;border-bottom:2px solid $caption}
td.g{border-left:1px solid $rule}tr.end td{border-bottom-color:$caption}
figure{margin:1.5rem 0}img{max-width:100%}figcaption{color:$caption;font-size:.9rem}.assumed{color:$assumed}
pre{background:$paper;padding:.8rem;overflow-x:auto;font-size:.8rem}code{overflow-wrap:anywhere}
@media(max-width:600px){body{margin:1rem auto;font-size:15px}.answer{font-size:1.05rem}table{font-size:.8rem}
td,th{padding:.2rem .35rem}nav a{white-space:normal}
table.w{font-size:.75rem}.w,.w tbody,.w tr{display:block}.w tr{border-bottom:1px solid $rule;padding:.3rem 0}
.w td,.w th{display:inline-block;border:0}.w td:first-child{overflow-wrap:anywhere;font-weight:600}
.w td:last-child{display:block;color:$caption}}
""").substitute(text=style.TEXT, caption=style.CAPTION, rule=style.RULE, paper=style.PAPER, assumed=style.ASSUMED)
_SHORT = 12
"""Letters of words that stay on one line, where there is room."""
_NUMBER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?")
"""Would be broken behind the sign of its exponent."""
_HEADING = re.compile('<h2 id="([^"]*)">(.*?)</h2>')


class PageTable(NamedTuple):
    """A table of text: the first ``left`` columns are words, a line is drawn after every ``block`` rows.

    ``groups`` are heads over several columns: (text, number of columns), from the left, an empty text over none.
    In a ``wordy`` table the last column is prose, which goes below its row where the page is narrow.
    """

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
    left: int = 1
    block: int = 0
    groups: tuple[tuple[str, int], ...] = ()
    wordy: bool = False


def whole(title: str, body: list[str]) -> str:
    """The page; before its first heading stands a way to each of them."""
    text = "\n".join(body)
    opening, first, rest = text.partition("<h2 ")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_SHEET}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>\n{opening}{_ways(text)}{first}{rest}</body></html>\n"
    )


def _ways(text: str) -> str:
    found = _HEADING.findall(text)
    links = " ".join(f'<a href="#{place}">{words}</a>' for place, words in found)
    return f'<nav aria-label="parts of this page">{links}</nav>\n' if len(found) > 1 else ""


def heading(text: str) -> str:
    """The heading of a part of the page, with a place to go to."""
    place = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
    return f'<h2 id="{place}">{html.escape(text)}</h2>'


def answer(text: str) -> str:
    """What the page says, in words: its first paragraph."""
    return f'<p class="answer">{html.escape(text)}</p>'


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def items(texts: Iterable[str]) -> str:
    """A list of plain texts."""
    return "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>"


def table(found: PageTable) -> str:
    """A table of plain texts; one that is wider than the page moves by itself."""
    edges = {sum(count for _, count in found.groups[:k]) for k in range(1, len(found.groups))}
    groups = "".join(
        f'<th class="g" colspan="{count}">{html.escape(text)}</th>' if text else f'<th colspan="{count}"></th>'
        for text, count in found.groups
    )
    lines = [f"<tr>{groups}</tr>"] if groups else []
    lines.append(_line("th", found.headings, found.left, edges))
    for k, row in enumerate(found.rows):
        last = bool(found.block) and (k + 1) % found.block == 0
        lines.append(_line("td", row, found.left, edges, "end" if last else ""))
    return f'<div class="wide"><table{_classes(["w"] if found.wordy else [])}>{"".join(lines)}</table></div>'


def _line(kind: str, texts: Sequence[object], left: int, edges: set[int], of: str = "") -> str:
    entries = []
    for k, text in enumerate(texts):
        short = (k < left and len(str(text)) <= _SHORT) or _NUMBER.fullmatch(str(text)) is not None
        names = ["l"] * (k < left) + ["s"] * (short and kind == "td") + ["g"] * (k in edges and kind == "td")
        entries.append(f"<{kind}{_classes(names)}>{html.escape(str(text))}</{kind}>")
    return f"<tr{_classes([of] if of else [])}>{''.join(entries)}</tr>"


def _classes(names: list[str]) -> str:
    return f' class="{" ".join(names)}"' if names else ""


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
        f"{heading('Settings and sources')}<pre>{html.escape(settings)}</pre>"
        f"<pre>{html.escape(dataset.attrs.get('references', ''))}</pre>"
        f"<p>pcmphys {html.escape(dataset.attrs['pcmphys_version'])}</p>"
    )

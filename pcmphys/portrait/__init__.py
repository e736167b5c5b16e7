"""One page about a cell: what it does, in figures, and every number with its source. The page to send to a colleague.

`write` makes experiments on a few hundred devices of the cell and draws them: levels and their drift, errors of
programming and reading; of a physical cell also the cross-section after RESET and SET, the programming curve, I-V with
load lines, single drifting devices, the spectrum of the noise and the retention. Any cell will do, also one of your own
(`pcmphys.testing`), or one that a fit has made. What the page shows is simulated, nothing is measured.

Examples
--------
>>> import pcmphys as pcm
>>> written = pcm.portrait.write(pcm.load_cell("ibm-90nm-statistical"), "cell.html")
"""

from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if TYPE_CHECKING:
    from pcmphys.portrait.page import page, write
else:
    __getattr__, __dir__ = attach(__name__, {"pcmphys.portrait.page": "page write"})

__all__ = ["page", "write"]

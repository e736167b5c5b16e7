"""Networks of PyTorch on phase-change memory: low-precision references and noise-aware training.

Needs PyTorch (``pip install "pcmphys[torch]"``); nothing else of pcmphys does.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from pcmphys.numerics.lazy import attach

if find_spec("torch") is None:
    raise ImportError('pcmphys.nn needs PyTorch, which is not installed: pip install "pcmphys[torch]"')

if TYPE_CHECKING:
    from pcmphys.nn.aware import hardware_aware, learned_ranges, plain
    from pcmphys.nn.quantised import quantised
else:
    __getattr__, __dir__ = attach(
        __name__,
        {
            "pcmphys.nn.aware": "hardware_aware learned_ranges plain",
            "pcmphys.nn.quantised": "quantised",
        },
    )

__all__ = ["hardware_aware", "learned_ranges", "plain", "quantised"]

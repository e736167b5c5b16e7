"""The main job: a described experiment, labelled results, any executor."""

from pcmphys.study.network.settings import TEMPLATE, StudyConfig
from pcmphys.study.registry import KINDS, built_in, read_config
from pcmphys.study.results import save
from pcmphys.study.runner import StudyInterrupted, finished, run
from pcmphys.study.selector_margin.settings import SelectorMarginConfig

__all__ = [
    "KINDS",
    "TEMPLATE",
    "SelectorMarginConfig",
    "StudyConfig",
    "StudyInterrupted",
    "built_in",
    "finished",
    "read_config",
    "run",
    "save",
]

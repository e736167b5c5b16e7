"""The main job: a described experiment, labelled results, any executor."""

from pcmphys.study.kinds import KINDS, built_in, read_config
from pcmphys.study.network_study import TEMPLATE, StudyConfig
from pcmphys.study.results import save
from pcmphys.study.runner import StudyInterrupted, finished, run
from pcmphys.study.selector_margin import SelectorMarginConfig

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

"""The main job: a described experiment, labelled results, any executor."""

from pcmphys.study.clusters import connect
from pcmphys.study.design_space.settings import DesignSpaceConfig
from pcmphys.study.network.settings import TEMPLATE, StudyConfig
from pcmphys.study.registry import KINDS, built_in, read_config
from pcmphys.study.results import save
from pcmphys.study.runner import StudyInterrupted, finished, memory, run
from pcmphys.study.selector_margin.settings import SelectorMarginConfig
from pcmphys.study.store import open_store
from pcmphys.study.workers import WorkerDied, Workers

__all__ = [
    "KINDS",
    "TEMPLATE",
    "DesignSpaceConfig",
    "SelectorMarginConfig",
    "StudyConfig",
    "StudyInterrupted",
    "WorkerDied",
    "Workers",
    "built_in",
    "connect",
    "finished",
    "memory",
    "open_store",
    "read_config",
    "run",
    "save",
]

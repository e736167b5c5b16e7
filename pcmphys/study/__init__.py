"""The main job: a described experiment, labelled results, any executor.

``pcmphys study`` runs the built-in study of a network on drifting arrays, ``pcmphys study selector-margin`` compares
selectors, ``pcmphys study chip`` lays networks out on chips of tiles, ``pcmphys study chip-scale`` simulates a whole
chip device by device; ``pcmphys study --template > mine.toml`` writes a commented file to change. In Python:

>>> import pcmphys as pcm
>>> found = pcm.study.run({"study": "selector-margin", "selectors": ["none", "diode"], "sizes": [4], "wires": [1.0]})
>>> found["read_margin"].dims
('selector', 'size', 'wire', 'scheme')

The independent chunks run on any ``concurrent.futures.Executor``, with the same bits from each. With a ``directory``,
finished chunks are kept: control-C finishes what runs, and the same study goes on from there; results of another study
are refused unless ``overwrite``.

Your own study
--------------
A `pcmphys.study.kind.Kind` holds settings (a `Settings`), a plan (a `Plan`: independent chunks, and how their parts
become one data set) and, if wanted, a report. An entry point of the group ``pcmphys.studies`` makes ``pcmphys study
NAME`` run it; ``tests/stranger`` has a whole one.
"""

from pcmphys.study.chip.settings import ChipConfig
from pcmphys.study.chip_scale.settings import ChipScaleConfig
from pcmphys.study.clusters import connect
from pcmphys.study.design_space.settings import DesignSpaceConfig
from pcmphys.study.layers.settings import LayersConfig
from pcmphys.study.network.settings import TEMPLATE, StudyConfig
from pcmphys.study.registry import KINDS, built_in, read_config
from pcmphys.study.results import save
from pcmphys.study.runner import StudyInterrupted, finished, memory, run
from pcmphys.study.selector_margin.settings import SelectorMarginConfig
from pcmphys.study.store import open_store
from pcmphys.study.training.settings import TrainingConfig
from pcmphys.study.workers import WorkerDied, Workers

__all__ = [
    "KINDS",
    "TEMPLATE",
    "ChipConfig",
    "ChipScaleConfig",
    "DesignSpaceConfig",
    "LayersConfig",
    "SelectorMarginConfig",
    "StudyConfig",
    "StudyInterrupted",
    "TrainingConfig",
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

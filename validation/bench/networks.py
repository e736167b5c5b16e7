"""Networks on tiles against PyTorch's own layers and against the inference tiles of aihwkit, all on one thread.

The convolutional network is two convolutions of 3 x 3 (16 and 32 channels), each with ReLU and maximum pooling, and a
fully connected layer, for images of 28 x 28. Tiles are 256 x 256 with converters of 8 bits and a scale for each input
vector; aihwkit gets the same: its PCM model a day after programming, inputs scaled to their maximum, no noise within a
product. aihwkit runs in an environment of its own, before and after pcmphys, and its better median counts.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pcmphys as pcm
from validation.bench.measure import Bench, alternate, at_least, at_most, scaled, shown, table
from validation.exports import environment
from validation.result import MissingProgram

CELL = "ibm-90nm-statistical"
SIZES = ((256, 256), (784, 256))
THEIRS = pathlib.Path(__file__).with_name("networks_in_aihwkit.py")
DAY = 86400.0
MEMORY = """
import sys, torch
import pcmphys as pcm
from pcmphys import nn
torch.set_num_threads(1)
twin = nn.convert(torch.nn.Conv2d(16, 16, 3, padding=1), pcm.load_cell("ibm-90nm-statistical"))
twin.program()
x = torch.rand(int(sys.argv[1]), 16, 14, 14)
with torch.no_grad():
    twin(x[:1])
    twin(x)
# of this program alone: ru_maxrss begins with what the process that started it held
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 2**20)
"""


def run(quick: bool) -> list[Bench]:
    """Measure everything; few images in quick runs."""
    if importlib.util.find_spec("torch") is None:
        return [shown("networks on tiles", None, "", 'not run: needs pip install "pcmphys[torch]"')]
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return [*_against_torch(quick), *_training(quick), _memory(quick), *_against_aihwkit(quick)]
    finally:
        torch.set_num_threads(before)


def network() -> Any:
    """The convolutional network."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 10),
    ).eval()  # fmt: skip


def _twin(module: Any, sample: Any, **options: Any) -> Any:
    from pcmphys import nn

    twin = nn.convert(module, pcm.load_cell(CELL), **options)
    twin.calibrate_ranges(sample)
    twin.program()
    twin.wait(DAY)
    twin.calibrate()
    return twin


def _against_torch(quick: bool) -> list[Bench]:
    import torch

    batch = 16 if quick else 256
    module, x = network(), torch.rand(batch, 1, 28, 28)
    ideal = _twin(module, x[:16])
    wires = _twin(module, x[:16], wires=pcm.Wires(row=1.0, column=1.0))
    inner = torch.rand(batch, 16, 14, 14)
    tasks: dict[str, tuple[Callable[[], object], int]] = {
        "torch": (lambda: module(x), 3),
        "ideal wires": (lambda: ideal(x), 3),
        "wires of 1 ohm a segment": (lambda: wires(x), 3),
        "layer": (lambda: module[3](inner), 3),
        "layer on tiles": (lambda: ideal.module[3](inner), 3),
    }
    times = alternate(tasks, 5)
    rows = [
        at_most(
            f"convolutional network, batch {batch}, {name}: time over that of the torch module",
            times[name] / times["torch"], 3.0, "times",
            f"{scaled(times[name])} against {scaled(times['torch'])}, converters included", quick,
        )
        for name in ("ideal wires", "wires of 1 ohm a segment")
    ]  # fmt: skip
    name = "its second convolution alone: time over that of torch"
    note = f"{scaled(times['layer on tiles'])} against {scaled(times['layer'])} (float32, no converters)"
    return [*rows, shown(name, times["layer on tiles"] / times["layer"], "times", note)]


def _training(quick: bool) -> list[Bench]:
    """Steps of noise-aware training, converters and optimiser included, over those of plain training."""
    import torch
    from torch import nn as tnn

    perceptron = tnn.Sequential(
        tnn.Linear(784, 256), tnn.ReLU(), tnn.Linear(256, 128), tnn.ReLU(), tnn.Linear(128, 10)
    )  # fmt: skip
    networks = {
        "perceptron 784-256-128-10": (perceptron, torch.rand(64, 784), 2.0),
        "convolutional network": (network().train(), torch.rand(64, 1, 28, 28), 2.0),
        "LSTM of 128 over 64 steps": (tnn.LSTM(32, 128, batch_first=True), torch.rand(32, 64, 32), None),
    }
    rows = []
    for name, (module, x, limit) in networks.items():
        with torch.enable_grad():
            tasks = {"plain": (_step(module, x), 5), "noise-aware": (_step(_aware(module, x), x), 5)}
            times = alternate(tasks, 3 if quick else 15)
        what = f"{name}, batch {len(x)}: a step of noise-aware training over a plain one"
        ratio, note = times["noise-aware"] / times["plain"], " against ".join(map(scaled, reversed(times.values())))
        row = shown(what, ratio, "times", note) if limit is None else at_most(what, ratio, limit, "times", note, quick)
        rows.append(row)
    return rows


def _aware(module: Any, x: Any) -> Any:
    """A copy that trains on devices, with ranges that have been watched."""
    import copy

    from pcmphys import nn

    aware = nn.hardware_aware(copy.deepcopy(module), pcm.load_cell(CELL))
    for _ in range(101):
        aware(x[:4])
    return aware


def _step(module: Any, x: Any) -> Callable[[], object]:
    import torch

    optimiser = torch.optim.Adam(module.parameters())

    def step() -> None:
        optimiser.zero_grad()
        found = module(x)
        (found[0] if isinstance(found, tuple) else found).square().mean().backward()
        optimiser.step()

    return step


def _memory(quick: bool) -> Bench:
    images = 100 if quick else 10_000
    done = subprocess.run([sys.executable, "-c", MEMORY, str(images)], capture_output=True, text=True, check=True)
    patches = images * 14 * 14 * 144 * 8 / 2**30
    name = f"convolution of {images} images 16 x 14 x 14: largest memory of the process"
    note = f"PyTorch itself included; all patches side by side would be {patches:.1f} GB"
    return at_most(name, float(done.stdout), 2.0, "GB", note, quick)


def _against_aihwkit(quick: bool) -> list[Bench]:
    import torch

    try:
        program = environment.python(make=False)
    except MissingProgram as error:
        return [shown("networks on tiles against aihwkit", None, "", f"not run: {error}")]
    before = _theirs(program)
    ours: dict[str, float] = {}
    for inputs, outputs in SIZES:
        module = torch.nn.Linear(inputs, outputs, bias=False)
        twin = _twin(module, torch.rand(16, inputs))
        for batch in (1, 256):
            x = torch.rand(batch, inputs)
            ours[f"{inputs} x {outputs}, batch {batch}"] = _median(lambda x=x, twin=twin: twin(x))
    twin = _twin(network(), torch.rand(16, 1, 28, 28))
    for batch in (1, 256):
        x = torch.rand(batch, 1, 28, 28)
        ours[f"convolutional network, batch {batch}"] = _median(lambda x=x: twin(x))
    after = _theirs(program)
    rows = []
    for name, mine in ours.items():
        best = {kind: min(before[kind][name], after[kind][name]) for kind in before}
        kind = min(best, key=lambda one: best[one])
        note = f"{scaled(mine)}; {', '.join(f'{one} {scaled(time)}' for one, time in best.items())}"
        rows.append(
            at_least(f"{name}: faster than tiles of aihwkit 1.1.0", best[kind] / mine, 1.0, "times", note, quick)
        )
    return rows


def _median(task: Callable[[], object]) -> float:
    return alternate({"ours": (task, 5)}, 3)["ours"]


def _theirs(program: str) -> dict[str, dict[str, float]]:
    done = subprocess.run([program, str(THEIRS)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"aihwkit stopped:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()

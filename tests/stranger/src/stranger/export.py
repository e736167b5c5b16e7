"""A target: the mean conductance of each level, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Written:
    path: Path

    def summary(self):
        return f"means   {self.path}"


def write(statistics, folder, *, overwrite=False):
    folder.mkdir(exist_ok=overwrite)
    path = folder / "means.txt"
    means = statistics.to_dataset()["conductance_mean"].values
    path.write_text("\n".join(f"{value:.6g}" for value in means.reshape(len(means), -1)[:, 0]))
    return Written(path)

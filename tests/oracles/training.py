"""Updates by trains of pulses, the slow way: every slot of every line drawn, then every device stepped."""

from __future__ import annotations

import math

import numpy as np

from tests.oracles.philox import words
from tests.oracles.pulsed_cell import Device, single

ROWS, COLUMNS, STEP, WRITE = 45, 46, 47, 48


def fires(chance: float, length: int, seed: int, cell: int, event: int, stream: int) -> list[bool]:
    """Whether a line fires in each slot: its uniform number of 53 binary digits is below its chance."""
    per_block = 2 if length > 32 else 4
    numbers = [0] * length
    for digit in range(53):
        w = words(seed, cell, event, stream, digit // per_block)
        k = digit % per_block
        plane = w[2 * k] * 2**32 + w[2 * k + 1] if length > 32 else w[k]
        numbers = [2 * number + (plane >> slot & 1) for slot, number in enumerate(numbers)]
    return [number < math.floor(min(chance, 1.0) * 2**53) for number in numbers]


def normals(seed: int, cell: int, event: int, stream: int, count: int) -> list[float]:
    """Normal numbers of a line, four from each call: cosine and sine of one pair of words, then of the other."""
    found = []
    for block in range(-(-count // 4)):
        w = words(seed, cell, event, stream, block)
        for a, b in ((w[0], w[1]), (w[2], w[3])):
            radius, angle = math.sqrt(-2.0 * math.log((a + 0.5) / 2**32)), 2.0 * math.pi * b / 2**32
            found += [radius * math.cos(angle), radius * math.sin(angle)]
    return found


class Matrix:
    """Devices on lines, one by one."""

    def __init__(self, cell, shape, seed, first_cell):
        self.cell, self.shape, self.seed, self.first = cell, shape, seed, first_cell
        self.devices = [
            [Device(cell, seed, first_cell + i * shape[1] + j) for j in range(shape[1])] for i in range(shape[0])
        ]
        self.event = 0

    def weights(self) -> np.ndarray:
        return np.array([[d.weight + d.offset - d.own["reference"] for d in line] for line in self.devices])

    def update(self, x, d, rate, longest=31) -> None:
        """One update, managed."""
        self.event += 1
        rows, columns = self.shape
        x_most, d_most = max(map(abs, x)), max(map(abs, d))
        steps = rate / self.cell.granularity
        length = min(math.ceil(steps * x_most * d_most), longest)
        if length == 0:
            return
        scale = math.sqrt(steps / length)
        a, b = scale * math.sqrt(d_most / x_most), scale * math.sqrt(x_most / d_most)
        on_columns = [
            fires(abs(v) * b, length, self.seed, self.first + j, self.event, COLUMNS) for j, v in enumerate(d)
        ]
        for i in range(rows):
            on_row = fires(abs(x[i]) * a, length, self.seed, self.first + i, self.event, ROWS)
            base = self.first + i * columns
            hit = [j for slot in range(length) if on_row[slot] for j in range(columns) if on_columns[j][slot]]
            z = normals(self.seed, base, self.event, STEP, len(hit))
            for j, deviate in zip(hit, z, strict=False):
                device, up = self.devices[i][j], x[i] * d[j] < 0.0
                size = device.size(up, deviate)
                moved = device.weight + size if up else device.weight - size
                device.weight = single(min(max(moved, device.own["low"]), device.own["high"]))
                device.fade()
            touched = list(dict.fromkeys(hit))
            noise = self.cell.parameters.pulse.write_noise * self.cell.parameters.step
            if noise:
                z = normals(self.seed, base, self.event, WRITE, len(touched))
                for j, deviate in zip(touched, z, strict=False):
                    self.devices[i][j].offset = single(noise * deviate)

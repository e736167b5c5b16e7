"""Memory of a worker: what is said before a study holds while it runs, and a large chip is cut into pieces."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.study import memory, run
from pcmphys.study.network import chip
from pcmphys.study.network.chip import Piece, pieces
from pcmphys.study.network.network import load_network
from pcmphys.study.registry import plan_of, read_config

DESIGN = {
    "study": "design-space", "cells": ["ibm-90nm-doped-gst"], "selectors": ["ots"], "wires": [1.0],
    "times": [20.0, 3600.0], "pulses": [{"current": 480e-6, "width": 50e-9}],
}  # fmt: skip
NETWORK = {"chips": 1, "times": [20.0, 3600.0], "inputs": 60}
STUDIES = {
    "devices": {**DESIGN, "devices": 8000, "slice": 8000, "sizes": [4]},
    "array": {**DESIGN, "devices": 1000, "sizes": [128]},
    "statistical chip": {**NETWORK, "cells": ["ibm-90nm-statistical"]},
    "physical chip": {**NETWORK, "cells": ["ibm-90nm-doped-gst"], "ir_drop": [False]},
    "tile": {"study": "chip-scale", "parts": ["population"], "population": {"tiles": 1, "times": [20.0, 3600.0]}},
    "pair": {"study": "chip-scale", "parts": ["wires"], "wires": {"tiles": 1}},
    "closed loop": {"study": "chip-scale", "parts": ["closed-loop"], "closed_loop": {"devices": 8000, "slice": 4000}},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_no_chunk_takes_more_than_was_said(name):
    plan, parts, most = plan_of(read_config(STUDIES[name])), {}, 0
    for key in plan.chunks:
        function, arguments = plan.task(key, *(parts[need] for need in plan.needs(key)))
        function(*arguments)  # compiles
        tracemalloc.start()
        parts[key] = function(*arguments)
        most = max(most, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert plan.memory() == memory(STUDIES[name])
    assert 0.3 * plan.memory() < most < plan.memory()


def test_a_large_chip_is_run_layer_by_layer_with_the_same_bits(small_study, monkeypatch):
    whole = run(small_study)
    monkeypatch.setattr(chip, "LARGEST_PIECE", 1)
    plan = plan_of(read_config(small_study))
    assert plan.chunks[:3] == [(0, 0, 0), (0, 0, 1), (0, 1, 0)]
    assert plan.needs((0, 1, 0)) == []
    assert plan.needs((0, 1, 1)) == [(0, 1, 0)]
    seen = []
    cut = run(small_study, progress=lambda *steps: seen.append(steps))
    assert cut.identical(whole)
    assert seen[-1] == (24, 24)


def test_a_piece_holds_as_many_layers_as_fit(monkeypatch):
    network = load_network("digits")  # 32768, 65536 and 2560 devices
    assert pieces(network) == [Piece(0, 3)]
    monkeypatch.setattr(chip, "LARGEST_PIECE", 70_000)
    assert pieces(network) == [Piece(0, 1), Piece(1, 3)]
    monkeypatch.setattr(chip, "LARGEST_PIECE", 1)
    assert pieces(network) == [Piece(0, 1), Piece(1, 2), Piece(2, 3)]


def test_the_layers_of_a_piece_are_those_of_the_chip(small_network, monkeypatch):
    config = read_config({"network": str(small_network), "cells": ["ibm-90nm-statistical"], "tile": {"rows": 4}})
    cell, network = pcm.load_cell("ibm-90nm-statistical"), load_network(str(small_network))
    whole = chip.build(config, cell, 0, network)
    alone = chip.build(config, cell, 0, network, Piece(1, 2))
    for matrix in (whole[1], alone[0]):
        matrix.program()
    assert np.array_equal(whole[1].effective_weights, alone[0].effective_weights)

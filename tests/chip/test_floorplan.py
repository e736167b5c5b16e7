"""Floorplans: counts by formula, sums to the bit, times and ways against slow twins, limits, bad input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.chip import LayerShape, convolution, lstm, network
from pcmphys.chip.networks import NETWORKS
from pcmphys.errors import ParameterError

HERMES = pcm.load_chip("hermes-14nm")
SHAPES = st.lists(
    st.tuples(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 50)), min_size=1, max_size=6
).map(lambda found: [(f"layer {k}", *one) for k, one in enumerate(found)])
CHIP = st.sampled_from([pcm.load_chip(name) for name in pcm.list_chips()])


@settings(max_examples=60, deadline=None)
@given(SHAPES, CHIP, st.booleans(), st.integers(1, 1000))
def test_counts_follow_from_the_shapes_and_parts_sum_to_the_total(shapes, chip, replicate, batch):
    plan = pcm.Floorplan(shapes, chip, replicate=replicate)
    tiles = [math.ceil(rows / chip.rows) * math.ceil(columns / chip.columns) for _, rows, columns, _ in shapes]
    assert plan.tiles == sum(tiles)
    assert plan.chips == math.ceil(sum(tiles) / chip.tiles)
    assert plan.macs == sum(rows * columns * vectors for _, rows, columns, vectors in shapes)
    assert plan.utilisation == pytest.approx(plan.weights / (plan.tiles * chip.rows * chip.columns))
    assert plan.tiles_in_use == sum(t * c for t, c in zip(tiles, plan.copies, strict=True))
    assert plan.tiles <= plan.tiles_in_use <= plan.chips * chip.tiles
    cost = plan.cost(batch)
    for one in cost:
        assert one.energy.total == sum(one.energy.values())
        assert one.area.total == sum(one.area.values())
        assert min(one.energy.values()) >= 0.0
        assert one.operations == 2 * batch * plan.macs
    # each scope holds the one before
    for inner, outer in itertools.pairwise(cost):
        assert dict(inner.energy).items() <= dict(outer.energy).items()
        assert inner.energy.total <= outer.energy.total
    assert cost.chip.area.total == pytest.approx(plan.chips * chip.area)


def test_scopes_do_not_add():
    cost = pcm.Floorplan([("a", 10, 10)]).cost()
    with pytest.raises(TypeError):
        _ = cost.tile + cost.chip
    with pytest.raises(TypeError):
        _ = sum(cost)


def simulated(plan, batch):
    """When the last output of the last sample is there: events of a pipeline, one product after another."""
    p = plan.chip.parameters
    free = [[0.0] * count for count in plan.copies]
    done = 0.0
    for _ in range(batch):
        ready = 0.0
        for k, stage in enumerate(plan.stages):
            starts = max(ready, max(free[k]))
            finish = starts
            turns = [len(range(c, stage.layer.vectors, stage.copies)) for c in range(stage.copies)]
            for c, count in enumerate(turns):
                clock = starts
                for _ in range(count):
                    finish = max(finish, clock + stage.product.latency)
                    clock += max(stage.product)
                free[k][c] = clock
            ready = finish
        done = ready
    return done + p.mesh.hop_time * sum(link.hops for link in plan.links)


@pytest.mark.parametrize("replicate", [False, True])
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_times_are_those_of_a_simulated_pipeline(replicate, batch):
    shapes = [convolution("a", 8, 64, 6), convolution("b", 64, 64, 3), LayerShape("c", 576, 300, operations=2.0)]
    plan = pcm.Floorplan(shapes, HERMES, replicate=replicate)
    cost = plan.cost(batch).chip
    # stages in between may wait less for each other than the pace of the slowest: the formula is what comes out at most
    assert cost.duration == pytest.approx(simulated(plan, batch), rel=1e-9)
    assert cost.period == max(stage.time for stage in plan.stages)
    assert (max(plan.copies) > 1) == replicate


def hops(source, target, per_chip):
    """Mean Manhattan distance, pair by pair."""
    side = math.ceil(math.sqrt(per_chip))

    def place(tile):
        chip, inside = divmod(tile, per_chip)
        return inside // side, inside % side + chip * side, chip

    pairs = [(place(a), place(b)) for a in source for b in target]
    distance = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairs]
    return np.mean(distance), np.mean([abs(a[2] - b[2]) for a, b in pairs])


def test_ways_are_those_of_all_pairs_of_tiles():
    shapes = [("a", 700, 1500), ("b", 1500, 5000), ("c", 5000, 40)]
    plan = pcm.Floorplan(shapes, HERMES)
    assert plan.chips == 3
    tiles = [(0, 3, 6), (18, 6, 20), (138, 20, 1)]
    between = {link[:2]: link for link in plan.links}
    for (a, b), one, other in zip((("a", "b"), ("b", "c")), tiles, tiles[1:], strict=False):
        ends = [one[0] + k * one[1] + one[1] - 1 for k in range(one[2])]
        found = between[a, b]
        expected = hops(ends, range(other[0], other[0] + other[1] * other[2]), 64)
        assert (found.hops, found.crossings) == pytest.approx(expected)
    assert between["a", "b"].bits == 1500 * 8
    assert between["b", "b"].bits == 5 * 5000 * 8
    assert between["outside", "a"].bits == 700 * 8
    assert between["c", "outside"].bits == 40 * 8
    inside = [hops([t], [t + 1], 64) for k in range(20) for t in range(18 + 6 * k, 23 + 6 * k)]
    assert (between["b", "b"].hops, between["b", "b"].crossings) == pytest.approx(tuple(np.mean(inside, axis=0)))


def test_links_between_chips_cost_by_bits_and_crossings():
    plan = pcm.Floorplan([(f"l{k}", 256, 256) for k in range(65)], HERMES)
    energy = plan.cost().system.energy
    assert plan.chips == 2
    assert energy["between chips"] == pytest.approx(256 * 8 * 1e-12)  # one link, one edge
    assert energy["in and out"] == pytest.approx(2 * 256 * 8 * 1e-12)
    assert pcm.Floorplan([("l", 256, 256)], HERMES).cost().system.energy["between chips"] == 0.0
    assert energy["mesh"] == pytest.approx(1e-14 * sum(link.bits * link.hops for link in plan.links))


def test_copies_go_to_the_slowest_layer_while_there_is_room():
    conv = [convolution("conv", 64, 64, 32), ("dense", 4096, 10)]
    plan = pcm.Floorplan(conv, HERMES, replicate=True)
    assert plan.copies == (16, 1)
    assert plan.stages[0].time == pytest.approx(64 * plan.stages[0].product.period)
    # copies share the work and cost no energy at the tile, only area
    once = pcm.Floorplan(conv, HERMES).cost().tile
    assert plan.cost().tile.energy.total == pytest.approx(once.energy.total)
    assert plan.cost().tile.area.total > once.area.total
    assert pcm.Floorplan([("a", 1, 1, 7)], HERMES, replicate=True).copies == (7,)
    # equally slow layers get copies together or not at all: one alone would cost tiles and win nothing
    alike = [(f"l{k}", 10, 10, 100) for k in range(40)]
    assert pcm.Floorplan(alike, HERMES, replicate=True).copies == (1,) * 40
    assert pcm.Floorplan(alike[:32], HERMES, replicate=True).copies == (2,) * 32


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 600), st.integers(1, 600), st.integers(1, 9)), min_size=1, max_size=3))
def test_no_other_copies_are_faster(found):
    """Against all choices of copies, one by one."""
    chip = HERMES.but({"chip.tiles": 20})
    shapes = [(f"l{k}", *one) for k, one in enumerate(found)]
    plan, once = pcm.Floorplan(shapes, chip, replicate=True), pcm.Floorplan(shapes, chip)
    tiles = [stage.tiles for stage in once.stages]
    room = once.chips * 20
    best = min(
        max(
            math.ceil(n / c) * stage.product.period
            for (*_, n), c, stage in zip(found, copies, once.stages, strict=True)
        )
        for copies in itertools.product(*(range(1, n + 1) for *_, n in found))
        if sum(t * c for t, c in zip(tiles, copies, strict=True)) <= room
    )
    assert plan.period == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_known_networks_fit_their_weights(name):
    layers = network(name)
    assert sum(layer.weights for layer in layers) > 1e5
    assert pcm.Floorplan(layers, "hermes-14nm").chips == 1


def test_shapes_of_known_layers():
    assert lstm("l", 50, 504).rows == 554
    assert (convolution("c", 3, 64, 32).rows, convolution("c", 3, 64, 32).vectors) == (27, 1024)
    with pytest.raises(ParameterError, match="did you mean 'resnet-32'"):
        network("resnet-33")


class Shape:
    """What another room may give."""

    name, rows, columns, vectors, operations = "theirs", 300, 20, 5, 2.0


def test_layers_may_be_objects_or_tuples():
    plan = pcm.Floorplan([Shape(), ("mine", 20, 3)])
    assert plan.layers == (LayerShape("theirs", 300, 20, 5, 2.0), LayerShape("mine", 20, 3))


@pytest.mark.parametrize(("shapes", "words"), [
    ([("conv1", 0, 64)], r"layer 'conv1': rows must be a whole number within \[1, 1000000000\]; got 0"),
    ([("conv1", 27, -1)], "layer 'conv1': columns must be"),
    ([("conv1", 27, 64, 0)], "layer 'conv1': vectors must be"),
    ([("conv1", 27.5, 64)], "layer 'conv1': rows must be"),
    ([("a", 1, 1), ("a", 2, 2)], "two layers have the name 'a'"),
    ([], "at least one layer"),
    ([(1, 2)], r"shapes\[0\] must be \(name, rows, columns, vectors\); got 2 values"),
    ([object()], r"shapes\[0\] must be \(name, rows, columns, vectors\) or have these as attributes; got object"),
    ("resnet", "shapes must be a sequence of layers"),
    ([("", 1, 1)], "name of a layer must be text"),
    ([LayerShape], "have these as attributes; got type"),
])  # fmt: skip
def test_wrong_layers_are_named(shapes, words):
    with pytest.raises(ParameterError, match=words):
        pcm.Floorplan(shapes)


def test_a_chip_too_small_names_the_layer_and_what_to_do():
    with pytest.raises(ParameterError) as error:
        pcm.Floorplan([("first", 784, 256), ("second", 4096, 2048)], "hermes-14nm", chips=1)
    for words in ("layer 'second' of 4096 x 2048 weights", "needs 128 tiles of 256 x 256 of 'hermes-14nm'",
                  "60 are left (1 chip of 64)", "allow more chips"):  # fmt: skip
        assert words in str(error.value)
    assert pcm.Floorplan([("first", 784, 256), ("second", 4096, 2048)], "hermes-14nm", chips=3).chips == 3
    with pytest.raises(ParameterError, match="chips must be a whole number"):
        pcm.Floorplan([("a", 1, 1)], chips=0)
    with pytest.raises(ParameterError, match="batch must be a whole number"):
        pcm.Floorplan([("a", 1, 1)]).cost(0)
    with pytest.raises(ParameterError, match="at most 10000000"):
        pcm.Floorplan([("a", 10**9, 10**9)])


def test_costs_are_shown_with_their_units():
    cost = pcm.Floorplan([("fc", 256, 256)], "hermes-14nm").cost()
    assert repr(cost) == "Cost(tile 2.638e-08 J, chip 2.585e-06 J, system 2.589e-06 J)"
    assert repr(cost.chip.energy) == "Breakdown(2.585e-06 J in 8 parts)"
    assert repr(cost.chip).endswith(" W, latency 7.881e-07 s, 0.0507 TOPS/W)")

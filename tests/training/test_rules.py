"""Rules: against their algebra on ideal devices, on a problem that only some of them solve, and what they keep."""

import copy
import pickle

import numpy as np
import pytest

import pcmphys as pcm
from tests.cells.pulsed.technologies import cell, loaded, text
from tests.training.ideal import EXPECTED, IDEAL, OPEN, STEP, example

ROWS, COLUMNS, UPDATES, RATE = 5, 4, 200, 0.01
RNG = np.random.default_rng(8)
X, D = RNG.uniform(-1.0, 1.0, (UPDATES, ROWS)), RNG.uniform(-1.0, 1.0, (UPDATES, COLUMNS))
PERIOD = 5  # transfers of a line between two changes of its sign


def tiki_taka(gamma=0.0, gain=0.5):
    a, c = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    for k, (x, d) in enumerate(zip(X, D, strict=True)):
        a -= 0.02 * np.outer(x, d)
        c[k % ROWS] += gain * RATE * a[k % ROWS]
    return c + gamma * a


def buffered(period=0, dynamic=False):
    """TTv2; with a period, regular choppers; dynamic: against the mean of the last period."""
    a, c, h = (np.zeros((ROWS, COLUMNS)) for _ in range(3))
    mean, past, sign, reads = np.zeros_like(a), np.zeros_like(a), np.ones(ROWS), np.zeros(ROWS)
    for k, (x, d) in enumerate(zip(X, D, strict=True)):
        a -= 0.02 * np.outer(sign * x, d)
        i = k % ROWS
        h[i] += RATE / (4.0 * STEP / ROWS) * sign[i] * (a[i] - past[i])
        steps = np.clip(np.trunc(h[i]), -1, 1)
        h[i] -= 0.9 * steps
        c[i] += STEP * steps * (not dynamic or reads[i] >= period)
        mean[i] += (min(2.0 / period, 1.0) if dynamic else 0.0) * (a[i] - mean[i])
        reads[i] += 1
        if period and reads[i] % period == 0:
            sign[i], past[i] = -sign[i], mean[i]
    return c


def mixed_precision():
    chi, w = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    for x, d in zip(X, D, strict=True):
        chi -= RATE * np.outer(x, d)
        n = np.trunc(chi / 0.003)
        chi -= 0.003 * n
        w += STEP * n
    return w


COMMON = {"fast_rate": 0.02, "granularity": 4.0}
TWINS = {
    "sgd": (pcm.Sgd(), lambda: -RATE * X.T @ D),
    "tiki-taka": (pcm.TikiTaka(fast_rate=0.02, transfer_rate=0.5), tiki_taka),
    "tiki-taka with a share": (pcm.TikiTaka(fast_rate=0.02, transfer_rate=0.5, gamma=0.3), lambda: tiki_taka(0.3)),
    "buffered": (pcm.Buffered(**COMMON), buffered),
    "chopped": (pcm.Chopped(**COMMON, chop=1 / PERIOD, regular=True), lambda: buffered(PERIOD)),
    "never chopped": (pcm.Chopped(**COMMON, chop=0.0), buffered),
    "dynamic": (pcm.DynamicReference(**COMMON, chop=1 / PERIOD, tail=2.0), lambda: buffered(PERIOD, dynamic=True)),
    "tiki-taka by default": (pcm.TikiTaka(fast_rate=0.02), lambda: tiki_taka(gain=ROWS / 40.0)),
    "mixed": (pcm.MixedPrecision(threshold=0.003), mixed_precision),
}


def ideal(rule):
    return pcm.TrainableMatrix((ROWS, COLUMNS), IDEAL, rule, seed=1, trains=EXPECTED, periphery=OPEN)


@pytest.mark.parametrize("name", TWINS)
def test_on_ideal_devices_a_rule_is_its_algebra(name):
    rule, twin = TWINS[name]
    matrix = ideal(rule)
    for start in range(0, UPDATES, 50):
        matrix.update(X[start : start + 50], D[start : start + 50], RATE)
    expected = twin()
    assert np.abs(expected).max() > 2 * STEP
    assert matrix.weights == pytest.approx(expected, abs=1e-6)


def test_the_twins_differ():
    found = [twin() for _, twin in TWINS.values()]
    assert np.abs(buffered() - buffered(PERIOD)).max() > STEP / 2
    assert np.abs(buffered(PERIOD) - buffered(PERIOD, dynamic=True)).max() > STEP / 2
    assert len(found) == len(TWINS)


SHARED = {"scaled": True, "fast_rate": 0.1, "granularity": 200.0}
EXAMPLE = {
    "buffered": pcm.Buffered(**SHARED),
    "chopped": pcm.Chopped(**SHARED, chop=0.02, regular=True),
    "dynamic": pcm.DynamicReference(**SHARED, chop=0.1, tail=5.0),
    "mixed": pcm.MixedPrecision(threshold=0.1),
    "mixed, line by line": pcm.MixedPrecision(threshold=0.1, transfer_every=5, lines=1, bins=2),
}
RATES = {"mixed": 0.005}
"""Where it is not that of the example, 0.1."""


@pytest.mark.parametrize("name", EXAMPLE)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_correlated_ends_above_what_is_not(name, seed):
    """Example 26 of aihwkit: twenty steps a device, bounds that spread by 30 %.

    The last weights tell them apart, and those of each tenth update before. Mixed precision as the example has it, one
    line every fifth update at a rate of 0.1, does not: a weight goes to and fro by several of its twenty steps, and
    only the mean of the last two thousand updates tells. So it is with aihwkit 1.1.0: of ten trainings of its example,
    the last weights are apart in ten with the first three rules, and in one with mixed precision (here in four, their
    means in nine). A rule that sends a step as soon as it is due, as published, has them apart from the 3000th update
    on in nine of ten at a rate of 0.005 or 0.01, and in seven at 0.02; in the tenth a device on the diagonal has its
    own bound at 0.29.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(5000, 5))
    d = -(0.4 * x + 0.6 * rng.normal(size=(5000, 5)))
    matrix = pcm.TrainableMatrix(
        (5, 5), example(), EXAMPLE[name], seed=seed, trains=pcm.UpdateTrains(length=5), periphery=pcm.Periphery(8, 8)
    )
    rate = RATES.get(name, 0.1)
    matrix.update(x[:3000], d[:3000], rate)
    weights = []
    for start in range(3000, 5000, 10):
        matrix.update(x[start : start + 10], d[start : start + 10], rate)
        weights.append(matrix.weights)
    diagonal = np.eye(5, dtype=bool)
    for found in [np.mean(weights, axis=0)] if "line by line" in name else weights:
        assert found[diagonal].min() > found[~diagonal].max()


def test_plain_descent_does_not_separate_them():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5000, 5))
    d = -(0.4 * x + 0.6 * rng.normal(size=(5000, 5)))
    matrix = pcm.TrainableMatrix((5, 5), example(), seed=1, trains=pcm.UpdateTrains(length=5))
    matrix.update(x, d, 0.1)
    weights, diagonal = matrix.weights, np.eye(5, dtype=bool)
    assert weights[diagonal].min() < weights[~diagonal].max()


RULES = {
    "sgd": ("rram-gong2018", pcm.Sgd()),
    "tiki-taka": ("rram-gong2018-softbounds", pcm.TikiTaka(gamma=0.2, columns=2)),
    "buffered": ("rram-gong2018-softbounds", pcm.Buffered(scaled=True, granularity=200.0)),
    "chopped": ("rram-gong2022-optimised", pcm.Chopped(scaled=True, granularity=2.0, chop=0.3)),
    "dynamic": ("ecram-tang2018", pcm.DynamicReference(scaled=True, granularity=20.0, chop=0.3)),
    "mixed": ("ecram-kim2019", pcm.MixedPrecision(transfer_every=3, lines=2, bins=4)),
    "mixed pairs": ("pcm-nandakumar2018", pcm.MixedPrecision(transfer_every=3, bins=4, refresh=10)),
    "one-sided": ("pcm-nandakumar2018", pcm.OneSided(refresh=4)),
    "pair": ("capacitor-li2018", pcm.PairCell(pair=pcm.load_cell("pcm-nandakumar2018"), transfer_every=30)),
}


def learned(name, rule=None):
    technology, own = RULES[name]
    return pcm.TrainableMatrix((ROWS, COLUMNS), cell(technology), rule or own, seed=3)


@pytest.mark.parametrize("name", RULES)
def test_training_goes_on_as_if_nothing_was_when_copied_or_kept(name):
    matrix = learned(name)
    matrix.update(X[:50], D[:50], 0.02)
    twins = [matrix.copy(), pickle.loads(pickle.dumps(matrix)), copy.deepcopy(matrix)]
    matrix.update(X[50:], D[50:], 0.02)
    assert np.ptp(matrix.weights) > 0.0
    for twin in twins:
        twin.update(X[50:], D[50:], 0.02)
        assert np.array_equal(twin.weights, matrix.weights)
        assert twin.counts == matrix.counts
        assert twin.time == matrix.time


@pytest.mark.parametrize("name", RULES)
def test_every_rule_learns_a_regression(name):
    rng = np.random.default_rng(4)
    target = rng.uniform(-0.3, 0.3, (ROWS, COLUMNS))
    technology, rule = RULES[name]
    matrix = learned(name)
    rates = {"chopped": 0.2, "dynamic": 0.1, "one-sided": 0.02, "tiki-taka": 0.1, "buffered": 0.1}
    before = np.abs(matrix.weights - target).mean()
    total, kept = np.zeros_like(target), 0
    for k in range(2000):
        x = rng.normal(size=(1, ROWS))
        matrix.update(x, matrix.forward(x) - x @ target, rates.get(name, 0.02))
        if k >= 1500:
            total, kept = total + matrix.weights, kept + 1
    assert np.abs(total / kept - target).mean() < 0.5 * before, (name, technology, rule)


def test_pairs_that_are_full_are_refreshed():
    matrix = learned("one-sided")
    for k in range(UPDATES):
        matrix.update(X[k], np.where(k % 2, 1.0, -1.0) * np.ones(COLUMNS), 0.3)
    assert matrix.trained.refreshed > 0
    plus, minus = matrix.trained.planes
    assert (np.minimum(plus.weights, minus.weights) < 0.9).all()


def test_a_pair_takes_over_what_the_capacitor_holds():
    matrix = learned("pair", pcm.PairCell(pair=cell("pcm-nandakumar2018"), transfer_every=10, gain=1.0))
    x, d = np.ones(ROWS), np.linspace(-1.0, 1.0, COLUMNS)
    matrix.update(np.tile(x, (9, 1)), np.tile(d, (9, 1)), 0.05)
    before = matrix.weights
    assert before == pytest.approx(-0.45 * np.outer(x, d), abs=0.12)
    _, plus, minus = matrix.trained.planes
    assert (plus.weights - minus.weights == 0.0).all()
    matrix.update(x, np.zeros(COLUMNS), 0.05)
    assert matrix.trained.sign == -1.0
    assert np.corrcoef((plus.weights - minus.weights).ravel(), before.ravel())[0, 1] > 0.8
    assert matrix.weights == pytest.approx(before, abs=0.1)


def test_devices_without_a_step_down_are_refused():
    lost = cell("rram-gong2018").but({"exponential.amplitude_down": 100.0, "exponential.rate_down": 0.0})
    for rule in (pcm.Sgd(), pcm.TikiTaka(), pcm.MixedPrecision()):
        with pytest.raises(pcm.ParameterError, match=r"a typical one of .* has no step down at any weight"):
            pcm.TrainableMatrix((2, 2), lost, rule)
    rows = {"weight": (-1.0, 1.0), "up": (0.1, 0.1), "up_std": (0.0, 0.0), "down_std": (0.0, 0.0)}
    given = text("no-down", "jump_table", {key: list(row) for key, row in rows.items()} | {"down": [0.0, 0.0]})
    with pytest.raises(pcm.ParameterError, match=r"jump_table\.down\.value: expected steps above zero somewhere"):
        loaded(given)


def test_what_products_see_is_what_the_devices_hold():
    matrix = learned("one-sided")
    plane = matrix.trained.planes[0]
    assert plane.seen() == pytest.approx(plane.weights, abs=1e-6)
    matrix.update(X[:20], D[:20], 0.02)
    assert plane.seen() == pytest.approx(plane.weights, abs=1e-6)
    plane.devices.wait(1e4)  # drifted: what the state holds is no longer what reads
    assert np.array_equal(plane.seen(), plane.weights)


def test_weights_can_be_written_to_start_from():
    wanted = RNG.uniform(-0.5, 0.5, (ROWS, COLUMNS))
    for name in ("sgd", "tiki-taka", "mixed", "one-sided"):
        matrix = learned(name)
        missed = matrix.program(wanted)
        assert np.median(np.abs(missed)) < 0.12
        assert np.array_equal(missed, matrix.weights - wanted)


def test_mixed_precision_trains_pairs_of_devices_that_only_go_up():
    matrix = pcm.TrainableMatrix((30, 4), cell("pcm-nandakumar2018"), pcm.MixedPrecision(refresh=20), seed=3)
    random = np.random.default_rng(4)
    target = random.uniform(-0.3, 0.3, (30, 4))
    x = random.normal(size=(1500, 30)) / np.sqrt(30)
    for start in range(0, 1500, 5):
        some = x[start : start + 5]
        matrix.update(some, matrix.forward(some) - some @ target, 0.1)
    plus, minus = matrix.trained.planes
    assert matrix.trained.refreshed > 0
    assert plus.counts.pulses > 0
    assert minus.counts.pulses > 0
    untrained = np.std(target)
    assert np.std(matrix.weights - target) < 0.7 * untrained
    assert matrix.counts.updates == 1500
    still = pcm.TrainableMatrix((30, 4), cell("pcm-nandakumar2018"), pcm.MixedPrecision(refresh=20), seed=3)
    assert np.std(still.weights - target) > 0.9 * untrained


def test_a_transfer_of_some_lines_goes_round():
    whole, parts = (
        pcm.TrainableMatrix((5, 3), IDEAL, pcm.MixedPrecision(lines=lines), seed=3, periphery=OPEN) for lines in (0, 2)
    )
    x, d = np.ones((1, 5)), np.ones((1, 3))
    whole.update(x, d, 5.2 * STEP)
    seen = []
    for _ in range(3):
        parts.update(x, d, 5.2 * STEP if not seen else 1e-9)
        seen.append((np.abs(parts.weights).max(axis=1) > STEP).tolist())
    assert seen == [[True, True, False, False, False], [True, True, True, True, False], [True] * 5]
    assert parts.weights == pytest.approx(whole.weights, abs=1e-9)

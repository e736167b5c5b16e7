"""Train the 64-256-128-10 digit classifier stored in this folder.

    OPENBLAS_NUM_THREADS=1 python train.py [--out DIR]

Writes ``weights.npz`` and ``test.npz`` and prints the accuracies quoted in
SOURCE.md.  Needs numpy and scikit-learn; the arrays themselves need only numpy.

The network is meant to be programmed into analog memory cells, where every
weight carries an error that scales with the largest weight of its layer.  So
the training has two stages:

1. scikit-learn's ``MLPClassifier`` with L2 regularisation, from scratch;
2. a fine-tuning in plain numpy on randomly shifted, slightly noisy images, in
   which each minibatch sees its own gaussian perturbation of the weights (the
   gradient is taken at the perturbed weights and applied to the clean ones)
   and after every step each matrix is clipped at a few of its own standard
   deviations, so that no outlier sets the scale of its layer.

Every random number comes from a seed below; the test images are used for
nothing but the printed accuracies.
"""

import argparse
import os
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # fixes the summation order; must precede numpy

import numpy as np
import scipy
import sklearn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

N_TEST, N_CALIBRATION = 360, 64
PIXEL_MAX = 16  # pixels are integers 0..16; the network sees pixel / 16

SPLIT_SEED = 0
CALIBRATION_SEED = 1
MLP_SEED = 2
FINETUNE_SEED = 3
EVALUATION_SEED = 4

HIDDEN = (256, 128)
MLP_ALPHA = 1e-2  # L2 penalty of stage 1
MLP_EPOCHS = 60  # all of them; the ConvergenceWarning this gives is harmless

FT_EPOCHS, FT_BATCH = 150, 64
FT_RATE = 1e-3  # peak Adam step, decayed to zero along a half cosine
FT_L2 = 1e-4  # L2 penalty per weight (biases are not penalised)
FT_NOISE = 0.05  # std of the weight noise, as a fraction of max|w| of the layer
FT_CLIP = 2.5  # clip each weight matrix at this many of its standard deviations
FT_SHIFT = 0.5  # images are shifted by up to this many pixels in x and in y
FT_PIXEL_NOISE = 0.1  # std of the noise added to the pixels (full scale is 1)

NOISE_LEVELS, NOISE_DRAWS = (0.02, 0.05, 0.10), 20


def load_split():
    """Return train images, train labels, test images, test labels (uint8)."""
    digits = load_digits()
    images = digits.data.astype(np.uint8)  # the values are exact integers
    labels = digits.target.astype(np.uint8)
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, test_size=N_TEST, stratify=labels, random_state=SPLIT_SEED
    )
    return x_train, y_train, x_test, y_test


def scale(images):
    """Map uint8 pixels 0..16 to float 0..1."""
    return images / PIXEL_MAX


def forward(weights, biases, x):
    """Return the list of layer inputs followed by the logits."""
    values = [x]
    for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = values[-1] @ w + b
        values.append(z if i == len(weights) - 1 else np.maximum(z, 0))
    return values


def accuracy(weights, biases, x, y):
    """Return the fraction of rows of x whose largest logit is the label."""
    return float(np.mean(forward(weights, biases, x)[-1].argmax(axis=1) == y))


def perturb(weights, level, rng):
    """Add gaussian noise of std ``level * max|w|`` to every weight matrix."""
    return [w + rng.normal(0, level * np.abs(w).max(), w.shape).astype(w.dtype) for w in weights]


def clip(w):
    """Clip a weight matrix at FT_CLIP of its own standard deviations."""
    limit = FT_CLIP * w.std()
    return np.clip(w, -limit, limit)


def pretrain(x, y):
    """Stage 1: an ordinary L2-regularised fit.  Returns weights and biases."""
    mlp = MLPClassifier(
        hidden_layer_sizes=HIDDEN, activation="relu", solver="adam", alpha=MLP_ALPHA,
        batch_size=64, max_iter=MLP_EPOCHS, n_iter_no_change=MLP_EPOCHS, random_state=MLP_SEED,
    ).fit(x, y)  # fmt: skip
    return mlp.coefs_, mlp.intercepts_


def gradients(weights, biases, x, y):
    """Gradients of the mean cross-entropy with respect to weights and biases."""
    values = forward(weights, biases, x)
    logits = values[-1]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    delta = p / p.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    grad_w, grad_b = [None] * len(weights), [None] * len(weights)
    for i in reversed(range(len(weights))):
        grad_w[i] = values[i].T @ delta
        grad_b[i] = delta.sum(axis=0)
        if i:
            delta = (delta @ weights[i].T) * (values[i] > 0)
    return grad_w, grad_b


def augment(x, rng):
    """Shift each image by a random part of a pixel (bilinear) and add pixel noise."""
    n = len(x)
    dy, dx = rng.uniform(-FT_SHIFT, FT_SHIFT, (2, n, 1, 1))
    a = np.pad(x.reshape(n, 8, 8), ((0, 0), (1, 1), (1, 1)))
    a = (1 - abs(dy)) * a[:, 1:-1] + abs(dy) * np.where(dy > 0, a[:, 2:], a[:, :-2])
    a = (1 - abs(dx)) * a[:, :, 1:-1] + abs(dx) * np.where(dx > 0, a[:, :, 2:], a[:, :, :-2])
    return a.reshape(n, 64) + rng.normal(0, FT_PIXEL_NOISE, (n, 64))


def finetune(weights, biases, x, y):
    """Stage 2: Adam on noisy weights, with clipping.  Returns weights and biases."""
    rng = np.random.default_rng(FINETUNE_SEED)
    n = len(weights)  # params holds the n weight matrices, then the n biases
    params = [clip(w) for w in weights] + [b.copy() for b in biases]
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))  # Adam moments
    step, n_steps = 0, FT_EPOCHS * -(-len(x) // FT_BATCH)
    for _ in range(FT_EPOCHS):
        order = rng.permutation(len(x))
        for start in range(0, len(x), FT_BATCH):
            batch = order[start : start + FT_BATCH]
            noisy = perturb(params[:n], FT_NOISE, rng)
            grad_w, grad_b = gradients(noisy, params[n:], augment(x[batch], rng), y[batch])
            grads = [g + FT_L2 * w for g, w in zip(grad_w, params, strict=False)] + grad_b
            rate = FT_RATE * 0.5 * (1 + np.cos(np.pi * step / n_steps))
            step += 1
            for i, g in enumerate(grads):
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g * g
                m, v = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
                params[i] = params[i] - rate * m / (np.sqrt(v) + 1e-8)
            params[:n] = [clip(w) for w in params[:n]]
    return params[:n], params[n:]


def save(path, **arrays):
    """Write a compressed npz under a temporary name, then rename it."""
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as f:
        np.savez_compressed(f, **arrays)
    os.replace(temporary, path)


def report(name, weights, biases, x, y):
    print(f"{name}: {accuracy(weights, biases, x, y):.4%} without noise")
    rng = np.random.default_rng(EVALUATION_SEED)
    for level in NOISE_LEVELS:
        a = [accuracy(perturb(weights, level, rng), biases, x, y) for _ in range(NOISE_DRAWS)]
        print(f"  weight noise {level:4.0%} of max|w|: {np.mean(a):.2%} +- {np.std(a, ddof=1):.2%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    out = parser.parse_args().out
    print(f"numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}")
    x_train, y_train, x_test, y_test = load_split()
    plain = pretrain(scale(x_train), y_train)
    tuned = finetune(*plain, scale(x_train), y_train)
    plain, tuned = ([[a.astype(np.float32) for a in p] for p in net] for net in (plain, tuned))

    x32 = scale(x_test).astype(np.float32)
    report("stage 1, test images", *plain, x32, y_test)
    report("stage 2 (saved), test images", *tuned, x32, y_test)
    for i, w in enumerate(tuned[0], 1):
        print(f"w{i}: max|w| {np.abs(w).max():.4f}, std {w.std():.4f}")

    chosen = np.random.default_rng(CALIBRATION_SEED).permutation(len(x_train))[:N_CALIBRATION]
    (w1, w2, w3), (b1, b2, b3) = tuned
    save(out / "weights.npz", w1=w1, b1=b1, w2=w2, b2=b2, w3=w3, b3=b3)
    save(out / "test.npz", images=x_test, labels=y_test, calibration_images=x_train[chosen])
    save(out / "train.npz", images=x_train, labels=y_train)


if __name__ == "__main__":
    main()

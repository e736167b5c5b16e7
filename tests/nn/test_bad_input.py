"""Every wrong input is told by the layer's name, what is wrong and what to do."""

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn  # noqa: E402

import pcmphys as pcm  # noqa: E402
from pcmphys import nn  # noqa: E402
from pcmphys.errors import ParameterError  # noqa: E402
from pcmphys.nn import needs  # noqa: E402
from tests.nn.networks import HERMES, Vision, noise, small  # noqa: E402


class Own(tnn.Linear):
    """A subclass with a forward of its own."""

    def forward(self, x):
        return super().forward(x) + 1.0


def fails(match, make):
    with pytest.raises(ParameterError, match=match):
        make()


@pytest.mark.parametrize(("module", "match"), [
    (tnn.Sequential(tnn.Linear(2, 2), Own(2, 3)), r"layer '1' cannot be converted: Own is a subclass of Linear"),
    (tnn.Sequential(tnn.ConvTranspose2d(1, 2, 3)), r"layer '0' .*: ConvTranspose2d is not one of Linear, Conv1d"),
    (Vision(), r"the module itself .* holds position; leave it digital by exclude=\['position'\]"),
    (tnn.Sequential(tnn.LazyLinear(3)), r"layer '0': LazyLinear has no weights before its first input"),
    (tnn.Sequential(tnn.Linear(2, 2).half()), r"layer '0': weight must be of float32 or float64; .*16"),
    ("net", r"module must be a torch.nn.Module; got str"),
], ids=lambda value: value if isinstance(value, str) else type(value).__name__)  # fmt: skip
def test_what_cannot_be_converted_is_named(module, match):
    fails(match, lambda: nn.convert(module, HERMES))


def test_what_is_excluded_must_be_there():
    assert nn.convert(tnn.Sequential(tnn.Linear(2, 2), Own(2, 3)), HERMES, exclude=["1"]).layers.keys() == {"0"}
    fails(r"exclude .*; got 'laye'; did you mean 'layer'", lambda: nn.convert(Vision(), HERMES, exclude=["laye"]))
    fails(r"write exclude=\['head'\]", lambda: nn.convert(Vision(), HERMES, exclude="head"))


def test_hooks_are_not_lost_in_silence():
    module = small()
    module[4].register_forward_hook(lambda *_: None)
    fails(r"layer '4': it has forward hooks", lambda: nn.convert(module, HERMES))


def test_weights_that_are_not_finite_are_named():
    module = small()
    module[4].weight.data[1, 2, 0, 1] = float("nan")
    fails(
        r"layer '4': weights must hold finite numbers .*; weights\[19, 1\] is nan", lambda: nn.convert(module, HERMES)
    )
    fails(r"layer '4': weights must hold finite", lambda: nn.convert(module, nn.Digital()))


def test_errors_of_tiles_name_the_layer():
    too_high = pcm.DifferentialPair(ceiling=1.0)
    fails(r"layer '0': ceiling must be a number in S", lambda: nn.convert(small(), HERMES, mapping=too_high))
    fails(r"layer '0': cell must be a cell", lambda: nn.convert(small(), "hermes-14nm-statistical"))
    fails(r"wires must be None for Digital", lambda: nn.convert(small(), nn.Digital(), wires=pcm.Wires()))


@pytest.mark.parametrize("ask", [
    lambda twin: twin(noise(1, 1, 8, 8)),
    lambda twin: twin.report(noise(1, 1, 8, 8)),
    lambda twin: twin.calibrate(),
    lambda twin: twin.read(),
])  # fmt: skip
def test_an_unprogrammed_twin_predicts_nothing(ask):
    fails(
        r"not programmed yet; call program\(\)|need devices .*call program\(\)",
        lambda: ask(nn.convert(small(), HERMES)),
    )


@pytest.mark.parametrize(("layer", "x", "match"), [
    (tnn.Linear(4, 2), noise(3, 5), r"layer 'Linear': the input must have 4 values .*; got shape \(3, 5\)"),
    (tnn.Linear(4, 2), noise(3, 4).half(), r"layer 'Linear': the input must be of float32 or float64; .*float16"),
    (tnn.Conv2d(2, 3, (3, 9)), noise(1, 2, 5, 8), r"the kernel is larger than its image: it reaches over 3 x 9 pixels, "
     r"the padded image has 5 x 8"),
    (tnn.Conv1d(2, 3, 3, dilation=4), noise(1, 2, 8), r"it reaches over 9 pixels, the padded image has 8"),
    (tnn.Conv2d(2, 3, 3), noise(1, 3, 5, 8), r"must have shape \(\[batch,\] 2, height, width\); got .*3, 5, 8"),
    (tnn.Conv2d(2, 3, 3, padding=4, padding_mode="reflect"), noise(1, 2, 4, 4), r"padding .* too large for 'reflect'"),
    (tnn.LSTM(4, 3), noise(5, 2, 3), r"layer 'LSTM': the input must be a sequence of vectors of 4 values"),
    (tnn.GRU(4, 3), (noise(5, 2, 4), noise(1, 3, 3)), r"the first state must have shapes \[\(1, 2, 3\)\]"),
    (tnn.MultiheadAttention(4, 2), (noise(5, 2, 4),) * 3 + (torch.zeros(3, 5),),
     r"key_padding_mask must have shape \(2, 5\)"),
], ids=lambda value: type(value).__name__ if isinstance(value, tnn.Module) else "")  # fmt: skip
def test_inputs_that_do_not_fit_are_told_by_the_layer(layer, x, match):
    twin = nn.convert(layer, HERMES)
    twin.program()
    fails(match, lambda: twin(*x) if isinstance(x, tuple) else twin(x))


def test_numbers_that_are_not_finite_stay_so():
    twin = nn.convert(tnn.Linear(4, 2), HERMES)
    twin.program()
    x = noise(3, 4)
    x[1, 2], x[2, 0] = float("nan"), float("inf")
    y = twin(x)
    assert y[0].isfinite().all()
    assert not y[1:].isfinite().any()


def test_shapes_ask_for_the_number_of_samples():
    fails(r"samples must be given", lambda: nn.shapes(tnn.Linear(3, 2), torch.tensor(1.0)))
    fails(r"samples must be a whole number", lambda: nn.shapes(tnn.Linear(3, 2), torch.zeros(2, 3), samples=0))


# ---- help


def test_help_begins_with_what_there_is():
    first = nn.__doc__.partition(">>>")[0]
    for name in nn.__all__:
        assert f"`{name}`" in first, name


# ---- without PyTorch

HIDDEN = "import sys; sys.modules['torch'] = None\n"


def test_without_pytorch_one_line_says_how_to_install_it():
    code = f"{HIDDEN}import pcmphys as pcm\ntry:\n    pcm.nn\nexcept ImportError as error:\n    print(error)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == 'pcmphys.nn needs PyTorch 2.6 or newer, which is not installed: pip install "pcmphys[torch]"\n'


def test_an_old_pytorch_is_named(monkeypatch):
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(
        ImportError, match=r'needs PyTorch 2\.6 or newer; found 2\.5\.1\+cpu: pip install "pcmphys\[torch\]"'
    ):
        needs.require_torch()
    monkeypatch.setattr(torch, "__version__", "3.0.0a0+git12")
    needs.require_torch()


def test_pcmphys_itself_loads_no_pytorch():
    code = (
        "import sys, pcmphys as pcm; dir(pcm); pcm.AnalogMatrix, pcm.study; import pcmphys.matrix.flow; "
        "print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "False\n"

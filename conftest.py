"""Examples in docstrings of what needs PyTorch are left out where it is not installed."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["pcmphys/nn/*"]

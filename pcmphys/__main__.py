"""``python -m pcmphys`` is the command ``pcmphys``."""

from pcmphys.cli import main

main()

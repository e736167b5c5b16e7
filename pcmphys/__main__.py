"""``python -m pcmphys`` is the command ``pcmphys``."""

from pcmphys.cli.commands import main

main()

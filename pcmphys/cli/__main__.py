"""``python -m pcmphys.cli``: the same as the command ``pcmphys``."""

from pcmphys.cli import main

if __name__ == "__main__":
    main()

"""The class of this package's figures; it loads matplotlib: import it where a figure is drawn."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

from pcmphys.errors import ParameterError


class NotebookFigure(Figure):
    """A matplotlib figure without pyplot's state; as the last value of a notebook's cell it is drawn there."""

    def show(self, warn: bool = True) -> None:
        """Say what shows it: figures that no window holds have none to show."""
        if self.canvas.manager is not None:
            return super().show(warn=warn)
        raise ParameterError(
            "this figure has no window: as the last value of a notebook's cell it shows itself; in a script write it, "
            "fit.plot('figure.png') or figure.savefig('figure.png')"
        )

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", bbox_inches="tight")
        return stream.getvalue()

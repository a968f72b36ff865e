"""A picture with its caption, and a lesson: several of them in order."""

import html
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from flywheel_sim.files import place, write_text
from flywheel_sim.present.drawing import INK, MUTED, save_png, to_svg
from flywheel_sim.results import Run

__all__ = ["Lesson", "Picture", "check_weeks"]


def check_weeks(run: Run, weeks: Iterable[int]) -> None:
    """Refuse a week that a run does not have."""
    for week in weeks:
        if not 1 <= week <= run.weeks:
            raise ValueError(f"week {week} is not in this run; its weeks are 1 to {run.weeks}")


@dataclass(frozen=True, eq=False)
class Picture:
    """One drawing that a notebook shows by itself.

    Parameters
    ----------
    figure : Figure
        What is drawn; no pyplot is involved.
    caption : str
        What to see in it, one sentence; also its text alternative.
    """

    figure: Figure
    caption: str

    def svg(self) -> str:
        """Return the drawing as an ``<svg>`` element with a text alternative."""
        drawn = to_svg(self.figure, "teach", self.caption)  # ids that differ where pictures do
        return drawn.replace('id="teach-', f'id="teach-{zlib.crc32(drawn.encode()):08x}-').replace(
            "#teach-", f"#teach-{zlib.crc32(drawn.encode()):08x}-"
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as SVG or, when the name ends so, as PNG."""
        target = Path(path)
        if target.suffix.lower() == ".png":
            return save_png(self.figure, target)
        return write_text(place(target, ".svg", ".png", what="a picture"), self.svg() + "\n")

    def _repr_html_(self) -> str:
        width = self.figure.get_figwidth() * 72 * 1.25
        return (
            f'<figure style="max-width:{width:.0f}px;margin:.5em 0;background:#fff;padding:.6em">{self.svg()}'
            f'<figcaption style="color:{MUTED};margin-top:.3em">{html.escape(self.caption)}</figcaption></figure>'
        )

    def __repr__(self) -> str:
        return f"<Picture: {self.caption}>"


class Lesson(tuple[Picture, ...]):
    """Pictures in the order in which they are drawn on a board.

    Examples
    --------
    >>> from flywheel_sim import teach
    >>> lesson = teach.tampering()
    >>> [picture.caption.split(":")[0] for picture in lesson]
    ['Left alone', 'Chased at once', 'Chased one survey late']
    """

    __slots__ = ()

    def __new__(cls, pictures: Iterable[Picture]) -> "Lesson":
        """Put the pictures of a lesson in order."""
        return super().__new__(cls, tuple(pictures))

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write ``step-1.svg``, ``step-2.svg``, ... into a folder, which is made if need be."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        return [picture.save(target / f"step-{k}.svg") for k, picture in enumerate(self, 1)]

    def _repr_html_(self) -> str:
        parts = [
            f'<div style="flex:1 1 320px;min-width:0"><b style="color:{INK}">{k}</b>{picture._repr_html_()}</div>'
            for k, picture in enumerate(self, 1)
        ]
        return f'<div style="display:flex;flex-wrap:wrap;gap:1em;background:#fff">{"".join(parts)}</div>'

    def __repr__(self) -> str:
        return "\n".join(f"{k} {picture.caption}" for k, picture in enumerate(self, 1))

"""The look of every figure, and how one becomes SVG or PNG.

Figures are matplotlib ``Figure`` objects of their own, never pyplot's: nothing global is kept, and threads do not meet.
Text stays text and is drawn as it is written, whatever a user calls things, so files are small, sharp and searchable;
ids are made from the figure's name, so several figures can stand in one page; nothing carries a date, so the same
figure is the same file.
"""

import html
import io
import os
import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import Formatter

from flywheel_sim.files import place, whole_file

__all__ = ["FAINT", "FRAME", "GRID", "INK", "MUTED", "PALETTE", "Told", "canvas", "color", "line_labels", "save_png",
           "to_svg", "written"]  # fmt: skip

#: Okabe and Ito's colours, told apart with every common colour vision; yellow is left out: it is too faint on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#A3457F", "#B07500", "#3A8FC4", "#5B5B5B")
#: The same colours for words: dark enough to be read (4.5 : 1) where a line of the colour itself need not be (3 : 1).
_WORDS = {"#D55E00": "#B84F00", "#009E73": "#007A58", "#B07500": "#8A5C00", "#3A8FC4": "#2074A8"}
INK = "#1b2230"
MUTED = "#5d6679"
GRID = "#e3e7ee"
FRAME = "#9aa3b5"
#: The faintest that still says something (3 : 1); grids and frames are fainter, because nothing is lost with them.
FAINT = "#7d879a"

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "flywheel",
    "svg.id": None,
    "font.family": ["DejaVu Sans"],
    "font.size": 10.0,
    "text.color": INK,
    # Of labels that are only made while it draws; see `_literal` for the others.
    "text.parse_math": False,
    "axes.edgecolor": FRAME,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
}

#: What no font has a letter for; a new line is one.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")


def color(index: int) -> str:
    """Return colour of scenario or team number ``index``."""
    return PALETTE[index % len(PALETTE)]


def written(tint: str) -> str:
    """Return the colour for words that name what has the colour ``tint``.

    Examples
    --------
    >>> written(PALETTE[0]) == PALETTE[0], written(PALETTE[1])
    (True, '#B84F00')
    """
    return _WORDS.get(tint, tint)


def canvas(width: float = 470.0, height: float = 270.0) -> Figure:
    """Draw an empty figure of so many points."""
    return Figure(figsize=(width / 72.0, height / 72.0), dpi=72)


def plain(axes: Axes, *, bars: bool = False) -> None:
    """Keep only what carries information: no box, and a light grid on y; where bars lie, on x, without a line below."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=FRAME, linewidth=0.8, visible=not bars)
    axes.grid(axis="x" if bars else "y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9.5, colors=MUTED, pad=5)


def weeks_axis(axes: Axes, weeks: int) -> None:
    """Set ticks on years or quarters, in weeks."""
    step = next((s for s in (4, 13, 26, 52, 104, 260, 520) if weeks / s <= 6), 1040)
    if weeks < 12:
        step = max(1, weeks // 4)
    ticks = list(range(0, weeks + 1, step))
    axes.set_xticks(ticks, [f"{tick}" if tick else "week 0" for tick in ticks])
    axes.set_xlim(0, weeks)


def line_labels(axes: Axes, entries: Sequence[tuple[float, str, str, str]], *, gap: float = 0.125) -> None:
    """Name lines at their right end instead of in a legend; labels that would touch are moved apart.

    Parameters
    ----------
    axes : Axes
        With its final limits.
    entries : sequence of (y, name, value, colour)
        ``value`` is written under the name in grey, in as many lines as it has.
    gap : float
        Room of one label, as a share of the height.
    """
    low, high = axes.get_ylim()
    wrapped = [_short_lines(name) for _, name, _, _ in entries]
    rooms = [
        gap * (len(lines) + len(value.splitlines())) / 2.0 + 0.02
        for lines, (_, _, value, _) in zip(wrapped, entries, strict=True)
    ]
    heights = [(y - low) / (high - low) if high > low else 0.5 for y, _, _, _ in entries]
    for (_, _, value, tint), lines, spot in zip(entries, wrapped, apart(heights, rooms), strict=True):
        rows = [(line, written(tint), "bold", 10.0) for line in lines]
        rows += [(line, MUTED, "normal", 9.5) for line in value.splitlines()]
        pitch = gap / 2.0
        for number, (text, ink, weight, size) in enumerate(rows):
            y = spot + pitch * ((len(rows) - 1) / 2.0 - number)
            axes.text(
                1.02,
                y,
                text,
                transform=axes.transAxes,
                ha="left",
                va="center",
                color=ink,
                weight=weight,
                fontsize=size,
                clip_on=False,
            )


def _short_lines(name: str, width: int = 16, most: int = 3) -> list[str]:
    lines = textwrap.wrap(name, width) or [name]
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}\N{HORIZONTAL ELLIPSIS}"]


class Told(Formatter):
    """Ticks in the words of the page, with as many digits as it takes to say where they stand.

    Examples
    --------
    >>> from flywheel_sim.results.words import money, percent
    >>> Told(percent).format_ticks([0.0, 0.1, 0.2]), Told(percent).format_ticks([0.0, 0.001, 0.002])
    (['0 %', '10 %', '20 %'], ['0 %', '0.1 %', '0.2 %'])
    >>> Told(money).format_ticks([0.0, 1e6, 2e6]), Told(money).format_ticks([5.00e6, 5.02e6, 5.04e6])
    (['$0', '$1m', '$2m'], ['$5.00m', '$5.02m', '$5.04m'])
    >>> Told(str).format_ticks([0.0, 0.05, 1.0])
    ['0', '0.05', '1']
    >>> Told(money).format_ticks([0.0, 0.35, 0.7])
    ['$0.00', '$0.35', '$0.70']
    """

    def __init__(self, words: Callable[[float], str]) -> None:
        self.words = words

    def __call__(self, value: float, pos: int | None = None) -> str:
        """Return the label of one tick."""
        return re.sub(r"(\d)\.0+(?!\d)", r"\1", self.words(value))

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Return the labels of all ticks."""
        said = [self(value) for value in values]
        for digits in range(1, 10):
            if len(set(said)) == len(said) and all(
                _says(text, one, values) for text, one in zip(said, values, strict=True)
            ):
                break
            said = [_with_digits(self.words(value), value, digits) for value in values]
        return said


#: A number in words, and what may follow it.
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
_UNITS = {"tn": 1e12, "bn": 1e9, "m": 1e6, "k": 1e3, "%": 0.01}


def _says(said: str, value: float, values: Sequence[float]) -> bool:
    """Tell whether a tick stands for its value, to a fiftieth of the step between ticks; what is no number does."""
    figure = _NUMBER.search(said)
    if figure is None or len(values) < 2:
        return True
    amount = float(figure.group().replace(",", "")) * _UNITS.get(said[figure.end() :].strip(), 1.0)
    step = float(np.abs(np.diff(values)).min())
    # words that count in another unit than these are left alone
    return abs(amount - abs(value)) <= 0.02 * step or not abs(amount - abs(value)) <= 0.5 * max(abs(value), step)


def _with_digits(said: str, value: float, digits: int) -> str:
    """Return the same words with so many decimals, in the unit that they have."""
    figure = _NUMBER.search(said)
    if figure is None:
        return said
    if "e" in figure.group():
        return f"{said[: figure.start()]}{abs(value):.{digits}e}{said[figure.end() :]}"
    after = said[figure.end() :]
    sign = "\N{MINUS SIGN}" if value < 0 and not said.startswith("\N{MINUS SIGN}") else ""
    return sign + said[: figure.start()] + f"{abs(value) / _UNITS.get(after.strip(), 1.0):,.{digits}f}" + after


def apart(wanted: Sequence[float], rooms: Sequence[float], low: float = 0.0, high: float = 1.0) -> list[float]:
    """Return positions near ``wanted`` that keep their order and leave each its room, inside ``low`` to ``high`` if
    they fit.

    Examples
    --------
    >>> [round(x, 2) for x in apart([0.5, 0.5], [0.2, 0.2])]
    [0.4, 0.6]
    >>> apart([0.1, 0.9], [0.1, 0.1])
    [0.1, 0.9]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = [float(np.clip(wanted[i], low, high)) for i in order]
    if order:
        low, high = low + rooms[order[0]] / 2.0, high - rooms[order[-1]] / 2.0
    for _ in range(200):
        moved = False
        for k in range(len(order) - 1):
            need = (rooms[order[k]] + rooms[order[k + 1]]) / 2.0
            short = need - (places[k + 1] - places[k])
            if short > 1e-9:
                places[k] -= short / 2.0
                places[k + 1] += short / 2.0
                moved = True
        if places and places[0] < low:
            places[0], moved = low, True
        if places and places[-1] > high:
            places[-1], moved = high, True
        if not moved:
            break
    out = [0.0] * len(order)
    for k, i in enumerate(order):
        out[i] = places[k]
    return out


def to_svg(figure: Figure, name: str, alt: str) -> str:
    """Return the figure as an ``<svg>`` element with a text alternative.

    Parameters
    ----------
    figure : Figure
        What to draw.
    name : str
        Unique in the page; ids start with it.
    alt : str
        What the picture shows, for those who cannot see it.
    """
    buffer = io.StringIO()
    _literal(figure)
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        FigureCanvasSVG(figure).print_svg(buffer, metadata=nothing)  # type: ignore[no-untyped-call]
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    # Tags alone: what is drawn may look like a tag's insides, and stays as it is.
    text = re.sub(r"<[^>]*>", lambda tag: _tag(tag.group(0), name), text)
    said = html.escape(alt, quote=True)
    text = text.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1)
    head = text.index(">") + 1
    text = f"{text[:head]}<title>{said}</title>{text[head:]}"
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _literal(figure: Figure) -> None:
    """Draw every text as it is written: a dollar is no mathematics, and a control character nothing at all."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        if _CONTROL.search(text.get_text()):
            text.set_text(_CONTROL.sub(" ", text.get_text()))


def _tag(text: str, name: str) -> str:
    """Return a tag with ids of this figure, one fallback font, and the size that the page gives it."""
    text = re.sub(r"font(?:-family)?: ([^;\"]*?)'DejaVu Sans'[^;\"]*", _family, text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', text)
    text = text.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    return re.sub(r'\s(?:width|height)="[^"]*pt"', "", text) if text.startswith("<svg") else text


def _family(match: "re.Match[str]") -> str:
    """Return the font, with one fallback: more are not needed."""
    whole = match.group(0)
    return whole[: whole.index("'DejaVu Sans'")] + "'DejaVu Sans', Verdana, sans-serif"


def save_png(figure: Figure, path: str | os.PathLike[str], scale: float = 2.0) -> Path:
    """Write the figure as PNG, ``scale`` pixels a point."""
    target = place(path, ".png", what="this picture")
    _literal(figure)
    with mpl.rc_context(_STYLE), whole_file(target) as draft:  # type: ignore[arg-type]
        about: dict[str, Any] = {"Software": None}
        FigureCanvasAgg(figure).figure.savefig(draft, dpi=72 * scale, metadata=about, facecolor="white", format="png")
    return target

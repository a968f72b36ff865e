"""Who gains and who loses, as pairs of dots: hollow where the baseline leaves them, full where the challenger does."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from flywheel_sim.present.bridge import GAIN, LOSS
from flywheel_sim.present.drawing import FRAME, INK, MUTED, Told, canvas, plain
from flywheel_sim.results.groups import SEGMENT_MEASURES, TEAM_MEASURES, Groups, Share
from flywheel_sim.results.words import money, number, percent

__all__ = ["segments_chart", "teams_chart", "who_words"]

_WORDS: Mapping[str, Callable[[float], str]] = {
    "bonus": money, "churn": percent, "customers": lambda value: number(value, 3),
    "hours": lambda value: f"{value:.1f}", "overload": lambda value: percent(round(value, 3)),
    "morale": lambda value: f"{value:.2f}", "relationship": lambda value: f"{value:.2f}",
}  # fmt: skip
#: Groups drawn; a company of thirty teams shows the first ones.
MOST_ROWS = 16


def teams_chart(groups: Groups, challenger: int) -> Figure | None:
    """Draw a panel per measure with a row per team; None when no measure plays a part."""
    return _chart(groups, challenger, TEAM_MEASURES)


def segments_chart(groups: Groups, challenger: int) -> Figure | None:
    """Draw a panel per measure with a row per segment."""
    return _chart(groups, challenger, SEGMENT_MEASURES)


def who_words(groups: Groups, challenger: int) -> str:
    """Say in words who gains and who loses."""
    said = []
    for measure, (title, unit, _) in {**TEAM_MEASURES, **SEGMENT_MEASURES}.items():
        words = _WORDS[measure]
        rows = [f"{s.group} {words(s.before)} to {words(s.after)}" for s in groups.shares(measure, challenger)]
        if rows:
            said.append(f"{title} ({unit}): {', '.join(rows)}")
    return ". ".join(said)


def _chart(groups: Groups, challenger: int, measures: Mapping[str, tuple[str, str, int]]) -> Figure | None:
    shares_of = {measure: groups.shares(measure, challenger)[:MOST_ROWS] for measure in measures}
    shares_of = {measure: shares for measure, shares in shares_of.items() if shares}
    if not shares_of:
        return None
    names = [share.group for share in next(iter(shares_of.values()))]
    width, row, top, bottom, left = 980.0, 23.0, 40.0, 24.0, 108.0
    height = top + bottom + row * len(names)
    figure = canvas(width, height)
    cell = (width - left) / len(shares_of)
    for k, (measure, shares) in enumerate(shares_of.items()):
        title, unit, good = measures[measure]
        axes = figure.add_axes(
            ((left + k * cell + 6) / width, bottom / height, (cell - 66) / width, 1 - (top + bottom) / height)
        )
        figure.text((left + k * cell + 6) / width, 1 - 13 / height, title, fontsize=10.5, weight="bold", color=INK)
        figure.text((left + k * cell + 6) / width, 1 - 29 / height, unit, fontsize=9.5, color=MUTED)
        _panel(axes, shares, good, _WORDS[measure], names if k == 0 else None)
    return figure


def _panel(
    axes: Axes, shares: Sequence[Share], good: int, words: Callable[[float], str], names: Sequence[str] | None
) -> None:
    plain(axes, bars=True)
    axes.tick_params(labelsize=9, pad=4)
    axes.set_yticks(
        range(len(shares)), list(names) if names is not None else [""] * len(shares), color=INK, fontsize=10
    )
    for row, share in enumerate(shares):
        better = good * (share.after - share.before)
        tint = FRAME if not share.clear or not good else GAIN if better > 0 else LOSS
        axes.plot([share.before, share.after], [row, row], color=tint, linewidth=2.4, solid_capstyle="round", zorder=2)
        axes.plot(
            [share.before], [row], "o", markersize=6, color="white", markeredgecolor=tint, markeredgewidth=1.6, zorder=3
        )
        axes.plot([share.after], [row], "o", markersize=7, color=tint, markeredgecolor="white", zorder=4)
        text = words(share.after)
        axes.annotate(
            text,
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=9.5,
            color=tint if tint != FRAME else MUTED,
            weight="bold",
            annotation_clip=False,
        )
    axes.set_ylim(len(shares) - 0.5, -0.5)
    values = np.array([[share.before, share.after] for share in shares])
    room = 0.08 * float(np.ptp(values)) or 0.05 * float(abs(values).max()) or 1.0
    axes.set_xlim(float(values.min()) - room, float(values.max()) + room)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(Told(words))

"""The wheel of a run: who comes, what turns, and what is lost on the way."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Wedge

from flywheel_sim.present.compass import moments
from flywheel_sim.present.drawing import GRID, INK, MUTED, canvas, color, written
from flywheel_sim.results import Run
from flywheel_sim.results.words import number
from flywheel_sim.teach.picture import Lesson, Picture, check_weeks

__all__ = ["wheel"]

#: Weeks over which flows are averaged.
_SPAN = 13


def wheel(run: Run, *weeks: int) -> Lesson:
    """Return attract, engage, delight: the wheel of a run at some weeks, its size the customers it carries.

    Flows are those of the quarter that ends with the week.  The arc that leads from delight back to attract is as thick
    as the share of new customers that other customers brought; the red arrow is what friction throws off.

    Parameters
    ----------
    run : Run
        One run.
    *weeks : int
        Which weeks; default start, middle and end.

    Returns
    -------
    Lesson

    Raises
    ------
    ValueError
        When the run has no such week.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> run = fs.run({"extends": "b2b-saas", "horizon_weeks": 26}, seed=1)
    >>> len(fs.teach.wheel(run, 13, 26))
    2
    """
    chosen = weeks or tuple(dict.fromkeys(max(week, min(_SPAN, run.weeks)) for week in moments(run.weeks)))
    check_weeks(run, chosen)
    largest = max(float(run.series("customers")[week - 1]) for week in chosen) or 1.0
    return Lesson(_picture(run, week, largest) for week in chosen)


def _picture(run: Run, week: int, largest: float) -> Picture:
    def flow(column: str) -> float:
        return float(run.series(column)[max(week - _SPAN, 0) : week].mean())

    customers = float(run.series("customers")[week - 1])
    advocates = float(run.series("advocates")[week - 1]) / max(customers, 1.0)
    won, brought, lost, leads = flow("new_customers"), flow("referred_new"), flow("churned"), flow("leads")
    share = brought / won if won > 0 else 0.0
    figure = canvas(430, 300)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(-2.15, 2.15)
    axes.set_ylim(-1.5, 1.5)
    outer = 0.62 + 0.48 * float(np.sqrt(customers / largest))
    _ring(axes, outer, share)
    axes.text(0, 0.06, number(customers), ha="center", va="center", fontsize=19, weight="bold", color=INK)
    axes.text(0, -0.14, "customers", ha="center", va="center", fontsize=9.5, color=MUTED)
    notes = (
        (150, "attract", f"{number(leads)} leads a week", "right", 0),
        (30, "engage", f"{number(won)} won a week", "left", 4),
        (270, "delight", f"{100 * advocates:.0f} % speak well", "center", 2),
    )
    for angle, word, value, side, tint in notes:
        x, y = (outer + 0.13) * np.cos(np.radians(angle)), (outer + 0.13) * np.sin(np.radians(angle))
        drop = 0.0 if side != "center" else -0.06
        axes.text(
            x,
            y + 0.08 + drop,
            word,
            ha=side,
            va="center",
            fontsize=11,
            weight="bold",
            color=written(color(tint)),
        )
        axes.text(x, y - 0.08 + drop, value, ha=side, va="center", fontsize=9.5, color=MUTED)
    x, y = outer * np.cos(np.radians(-32)), outer * np.sin(np.radians(-32))
    axes.add_patch(
        FancyArrowPatch(
            (x, y),
            (x + 0.45, y - 0.22),
            arrowstyle="-|>",
            mutation_scale=14,
            color=color(1),
            shrinkA=0,
            shrinkB=0,
            linewidth=1.0 + 6.0 * min(lost / max(won, lost, 1e-9), 1.0),
        )
    )
    axes.text(
        x + 0.5, y - 0.2, f"{number(lost)} lost\na week", ha="left", va="center", fontsize=9.5, color=written(color(1))
    )
    x, y = -outer * np.cos(np.radians(-32)), outer * np.sin(np.radians(-32))
    axes.text(
        x - 0.12,
        y - 0.1,
        f"{100 * share:.0f} % of the new\nbrought by others",
        ha="right",
        va="center",
        fontsize=9.5,
        color=written(color(2)),
    )
    caption = (
        f"Week {week}: {number(customers)} customers; {number(won)} won and {number(lost)} lost a week, "
        f"{100 * share:.0f} % of the new ones brought by others."
    )
    return Picture(figure, caption)


def _ring(axes: Axes, outer: float, share: float) -> None:
    """Draw three arcs, clockwise; the returning one as thick as the share of new customers it brings."""
    width = 0.16
    for start, tint in ((92, 0), (-28, 4)):
        axes.add_patch(Wedge((0, 0), outer, start, start + 116, width=width, color=color(tint), alpha=0.9, linewidth=0))
    axes.add_patch(Wedge((0, 0), outer, 212, 328, width=width, color=GRID, linewidth=0))
    returning = max(width * min(share, 1.0), 0.012)
    middle = outer - (width - returning) / 2
    axes.add_patch(Wedge((0, 0), middle, 212, 328, width=returning, color=color(2), linewidth=0))
    axes.add_patch(Circle((0, 0), outer - width - 0.05, color="#f6f8fb", linewidth=0))
    ring = outer - width / 2
    for angle in (90, -30, 210):
        at = np.radians(angle)
        tip, tail = ((float(np.cos(at + turn)) * ring, float(np.sin(at + turn)) * ring) for turn in (-0.12, 0.12))
        axes.add_patch(
            FancyArrowPatch(tail, tip, arrowstyle="-|>", mutation_scale=20, color=INK, lw=0, shrinkA=0, shrinkB=0)
        )

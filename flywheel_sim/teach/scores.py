"""Scores: what pay on one asks for, and what chasing one does (A16, A25)."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from flywheel_sim.present.drawing import GRID, INK, MUTED, canvas, color, plain, weeks_axis
from flywheel_sim.results.directions import mean_need
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.teach.picture import Lesson, Picture
from flywheel_sim.theory import baker_surplus_share, deming_variance

__all__ = ["pay", "tampering"]


def pay(scenario: Scenario | str | os.PathLike[str] | Mapping[str, Any] = "b2b-saas") -> Lesson:
    """Tell how much of what customers need each measure of a scenario asks for, without and with a way to cheat.

    The length of a bar is the squared cosine of the angle between what a measure moves with and what customers need:
    the share of the best surplus that pay on it can reach (A16).  Gaming is one more direction of effort, worth
    nothing.  Measures without a gradient of their own (own projects, peers, the map) are left out.

    Parameters
    ----------
    scenario : Scenario, name, path or mapping
        What :func:`flywheel_sim.load` takes.

    Returns
    -------
    Lesson

    Raises
    ------
    ValueError
        When no measure of the scenario has a gradient.

    Examples
    --------
    >>> from flywheel_sim import teach
    >>> teach.pay("b2b-saas")[1].caption
    'A score one can move without serving anybody asks for less of what customers need: nps falls from 0.87 to 0.38.'
    """
    model = load(scenario).model
    need = mean_need(load(scenario))
    rows = []
    for name, measure in model.incentives.measures.items():
        if not measure.gradient:
            continue
        g = np.array([measure.gradient.get(axis, 0.0) for axis in model.axes])
        honest = float(baker_surplus_share(need, g))
        gamed = float(baker_surplus_share(np.append(need, 0.0), np.append(g, measure.gaming)))
        if need @ g < 0:
            honest = gamed = 0.0
        rows.append((name, honest, gamed))
    if not rows:
        raise ValueError("no measure of this scenario has a gradient; name some under incentives.measures")
    rows.sort(key=lambda row: row[1])
    best = rows[-1]
    fall = max(rows, key=lambda row: row[1] - row[2])
    captions = [
        f"Of what customers need, pay on {best[0]} asks for {best[1]:.2f}, pay on {rows[0][0]} for {rows[0][1]:.2f}."
    ]
    if fall[1] - fall[2] > 0.005:
        captions.append(
            "A score one can move without serving anybody asks for less of what customers need: "
            f"{fall[0]} falls from {fall[1]:.2f} to {fall[2]:.2f}."
        )
    pictures = []
    for step, caption in enumerate(captions):
        figure = canvas(470, 40 + 21 * len(rows))
        axes = figure.add_axes((0.24, 0.02, 0.68, 0.9))
        axes.set_axis_off()
        axes.set_xlim(0, 1.1)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        for y, (name, honest, gamed) in enumerate(rows):
            value = (honest, gamed)[step]
            tint = color(2) if value > 0.6 else color(4) if value > 0.25 else color(1)
            axes.barh(y, 1.0, height=0.62, color=GRID)
            if step and honest - gamed > 0.005:
                axes.barh(y, honest, height=0.62, color="white", edgecolor=tint, linewidth=1.0, hatch="////")
            axes.barh(y, value, height=0.62, color=tint)
            axes.text(-0.02, y, name, ha="right", va="center", color=INK, fontsize=9.5)
            axes.text(1.02, y, f"{value:.2f}", ha="left", va="center", color=MUTED, fontsize=9.5)
        pictures.append(Picture(figure, caption))
    return Lesson(pictures)


def tampering(gain: float = 0.9, *, surveys: int = 80, noise: float = 1.0, seed: int = 3) -> Lesson:
    """Return deming's funnel: one stable process, the same noise, left alone, chased at once, chased a survey late.

    Parameters
    ----------
    gain : float
        Share of every distance from target that is "corrected", below 1.
    surveys : int
        How many to draw.
    noise : float
        Standard deviation of one survey's noise, points.
    seed : int
        Of the noise.

    Returns
    -------
    Lesson
        One picture per policy, on the same scale.

    Raises
    ------
    ValueError
        If gain is not in [0, 1) or noise is negative.

    Examples
    --------
    >>> from flywheel_sim import teach
    >>> teach.tampering()[1].caption
    'Chased at once: every correction adds the noise it answers; in the long run the variance is 1.8.'
    """
    luck = np.random.Generator(np.random.PCG64(seed)).normal(0.0, noise, surveys)
    policies = (
        ("Left alone", "the process is stable", 0.0, 0),
        ("Chased at once", "every correction adds the noise it answers", gain, 0),
        ("Chased one survey late", "corrections arrive when the reason is gone", gain, 1),
    )
    paths = []
    for _, _, g, delay in policies:
        setting, scores, due = 0.0, np.empty(surveys), 0.0
        for k in range(surveys):
            scores[k] = setting + luck[k]
            now = g * scores[k]
            setting -= due if delay else now
            due = now
        paths.append(scores)
    reach = 1.1 * max(float(np.abs(path).max()) for path in paths) or 1.0
    pictures = []
    for index, ((name, why, g, delay), path) in enumerate(zip(policies, paths, strict=True)):
        variance = float(deming_variance(g, noise, delay=delay))
        figure = canvas(470, 190)
        axes = figure.add_axes((0.08, 0.14, 0.89, 0.78))
        plain(axes)
        spread = 2 * variance**0.5
        axes.axhspan(-spread, spread, color=color(index), alpha=0.12, linewidth=0)
        axes.axhline(0, color=MUTED, linewidth=1.0, dashes=(3, 3))
        axes.plot(np.arange(1, surveys + 1), path, "o-", color=color(index), linewidth=1.2, markersize=3.2)
        weeks_axis(axes, surveys)
        axes.set_xticks([1, surveys], ["first survey", f"survey {surveys}"])
        axes.get_xticklabels()[-1].set_horizontalalignment("right")
        axes.set_ylim(-reach, reach)
        axes.set_title("points from target", loc="left", color=MUTED, fontsize=9.5)
        caption = f"{name}: {why}; in the long run the variance is {variance:.1f}."
        pictures.append(Picture(figure, caption))
    return Lesson(pictures)

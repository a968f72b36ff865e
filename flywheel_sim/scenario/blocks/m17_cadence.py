"""Scenario block of M17: meetings, calendar events, reviews and themes."""

from collections.abc import Iterator
from typing import Any, Literal

from flywheel_sim.scenario.fields import MANY, Block, param
from flywheel_sim.scenario.references import Problem, unknown


class Event(Block):
    """An entry of the calendar that brings teams together: a quarterly business review, a kick-off, the annual plan."""

    every_weeks: int = param(13, "Weeks between two of them.", unit="weeks", ge=1, le=5200)
    first_week: int = param(0, "Week of the first one; 0 = after `every_weeks`.", unit="weeks", ge=0, le=5200)
    hours: float = param(4.0, "Length.", unit="hours", ge=0, le=1000)
    heads_per_team: float = param(2.0, "People each team sends.", unit="heads", ge=0, le=1_000_000)
    members: list[str] = param([], "Teams that take part; empty = the flywheel group.")
    pull: float = param(
        0.0, "Share of the angle to their mean direction that it removes.", unit="share", ge=0, le=1, source="A20"
    )
    clears_blockers: bool = param(
        False,
        "Whether blockers between teams are settled there (M18).",
        label="Blockers between teams are settled there",
    )
    cost: float = param(0.0, "Cost beside the hours.", unit="$", ge=0, le=1e9)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield teams that the company does not have."""
        yield from unknown(f"{at}.members", self.members, model.teams, "team")


class Cadence(Block):
    """M17: a group that meets turns its members towards each other; shared themes let coupling work."""

    enabled: bool = param(
        False, "Off: no group meets, the calendar is empty and themes play no part.", label="Cross-team meetings"
    )
    members: list[str] = param([], "Teams in the flywheel group; empty = all.")
    interval_weeks: int = param(
        2,
        "m: weeks between meetings.",
        label="Weeks between cross-team meetings",
        unit="weeks",
        ge=1,
        le=520,
        source="C46",
        evidence="V",
    )
    pull: float = param(
        0.4,
        "a: share of the angle to the mean direction removed by a meeting.",
        label="How far one meeting brings teams together",
        unit="share",
        ge=0,
        le=1,
        source="A20",
    )
    hours: float = param(1.4, "Length of a meeting.", unit="hours", ge=0, le=1000)
    heads_per_team: float = param(1.0, "People each member sends.", ge=0, le=1_000_000)
    hours_scale: float = param(
        0.0,
        "Hours of a meeting at which 1 - 1/e of its pull is reached, and hours a week at which the group decides "
        "that share of what belongs together; 0 = all of it, however short.",
        unit="hours",
        ge=0,
        le=1000,
    )
    relay_hours: float = param(
        0.0, "Hours in which those who were not there are told what came of a meeting.", unit="hours", ge=0, le=1000
    )
    relay_scale: float = param(
        0.0,
        "h_0: hours of telling at which 1 - 1/e of the turn reaches those who were absent; 0 = it reaches all at once.",
        label="Hours of telling that bring most of a meeting home",
        unit="hours",
        ge=0,
        le=1000,
    )
    themes: Literal["none", "own", "common", "offset"] = param(
        "none",
        "Quarterly themes: not used, each team its own draw of four, one for all, or one round of four that each team "
        "enters `theme_offset` weeks late.",
        label="Quarterly themes",
        source="C47, C48",
    )
    events: dict[str, Event] = param({}, "Other events of the calendar by name.", max_length=MANY)
    review_weeks: int = param(
        0,
        "Weeks between reviews of the scores by the group, which then takes the place of each member's own reaction "
        "(M14); 0 = no reviews.",
        label="Weeks between joint reviews of the scores",
        unit="weeks",
        ge=0,
        le=520,
        source="C49",
    )
    review_gain: float = param(
        0.6,
        "g: share of the reviewed distance that is corrected.",
        label="How much of a reviewed deviation is corrected",
        ge=0,
        le=2,
        source="C49",
    )
    review_lag: int = param(
        1, "Surveys by which hindsight is late and foresight looks ahead.", unit="surveys", ge=0, le=7, source="C49"
    )
    review_window: int = param(
        4, "Surveys that insight averages and foresight reads its trend from.", unit="surveys", ge=2, le=8
    )
    hindsight: float = param(1.0, "Weight of what the score was `review_lag` surveys ago.", ge=0, le=100, source="C49")
    insight: float = param(1.0, "Weight of the mean over the window.", ge=0, le=100, source="C49")
    foresight: float = param(
        1.0, "Weight of where the trend leads in `review_lag` surveys.", ge=0, le=100, source="C49"
    )
    plan_weeks: int = param(
        0,
        "Weeks between plans, the only time leadership's target is aimed anew (M15); 0 = any week.",
        label="Weeks between plans",
        unit="weeks",
        ge=0,
        le=520,
        source="C47",
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown teams in the flywheel group."""
        yield from unknown(f"{at}.members", self.members, model.teams, "team")

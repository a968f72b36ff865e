"""The whole scenario: one field per mechanism block, plus teams, segments and axes.

Everything named is a mapping; lists appear only where order is data.  References between names (a touchpoint's owner,
a paid measure, an axis) are checked here, so that a typo is found before the first run.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import model_validator

from flywheel_sim.scenario.blocks.frozen import QUANTITIES, Frozen
from flywheel_sim.scenario.blocks.m01_market import Market
from flywheel_sim.scenario.blocks.m02_relationship import Relationship
from flywheel_sim.scenario.blocks.m03_journey import Journey
from flywheel_sim.scenario.blocks.m04_handoffs import Handoffs
from flywheel_sim.scenario.blocks.m05_word_of_mouth import WordOfMouth
from flywheel_sim.scenario.blocks.m06_contracts import Contracts
from flywheel_sim.scenario.blocks.m07_expansion import Expansion
from flywheel_sim.scenario.blocks.m08_service import Service
from flywheel_sim.scenario.blocks.m09_channels import Channels
from flywheel_sim.scenario.blocks.m10_causes import Causes
from flywheel_sim.scenario.blocks.m11_vectors import Vectors
from flywheel_sim.scenario.blocks.m12_incentives import Incentives
from flywheel_sim.scenario.blocks.m13_sensing import Sensing
from flywheel_sim.scenario.blocks.m14_reactions import Reactions
from flywheel_sim.scenario.blocks.m15_strategy import Strategy
from flywheel_sim.scenario.blocks.m16_decisions import Decisions
from flywheel_sim.scenario.blocks.m17_cadence import Cadence
from flywheel_sim.scenario.blocks.m18_blockers import Blockers
from flywheel_sim.scenario.blocks.m19_capacity import Capacity
from flywheel_sim.scenario.blocks.m20_culture import Culture
from flywheel_sim.scenario.blocks.m21_leadership import Leadership
from flywheel_sim.scenario.blocks.m22_loyalty import Loyalty
from flywheel_sim.scenario.blocks.m23_ledger import Ledger
from flywheel_sim.scenario.blocks.m24_measures import Measures
from flywheel_sim.scenario.blocks.m25_timeline import Timeline
from flywheel_sim.scenario.blocks.m26_ideas import Ideas
from flywheel_sim.scenario.blocks.m27_selling import Selling
from flywheel_sim.scenario.blocks.observed import Observed
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.fields import MANY, Block, Weight, param

__all__ = ["MECHANISMS", "CrossReference", "ScenarioModel", "Segment", "Team", "cross_references"]

#: Mechanism number -> name of its block in the scenario.
MECHANISMS = {
    "M1": "market",
    "M2": "relationship",
    "M3": "journey",
    "M4": "handoffs",
    "M5": "word_of_mouth",
    "M6": "contracts",
    "M7": "expansion",
    "M8": "service",
    "M9": "channels",
    "M10": "causes",
    "M11": "vectors",
    "M12": "incentives",
    "M13": "sensing",
    "M14": "reactions",
    "M15": "strategy",
    "M16": "decisions",
    "M17": "cadence",
    "M18": "blockers",
    "M19": "capacity",
    "M20": "culture",
    "M21": "leadership",
    "M22": "loyalty",
    "M23": "ledger",
    "M24": "measures",
    "M25": "timeline",
    "M26": "ideas",
    "M27": "selling",
}


class Team(Block):
    """A company team: what it is good at, how many it has and what they cost."""

    headcount: float = param(..., "People in the team.", unit="heads", ge=0, le=1_000_000)
    salary: float = param(100_000.0, "Yearly cost of one head.", unit="$/year", ge=0, le=1e8)
    craft: dict[str, Weight] = param(..., "Direction of the team's craft, by axis.")
    front: bool = param(True, "Faces customers (otherwise it powers the teams that do).")
    scaling: float = param(0.8, "Elasticity of planned headcount in revenue.", ge=0, le=2)
    skill: float = param(1.0, "Skill: multiplies the team's magnitude.", ge=0, le=10)
    utc_offset: float = param(0.0, "Time zone.", unit="hours", ge=-12, le=14, source="C30")
    theme_offset: float = param(
        0.0, "Weeks by which the team enters each theme late, with `cadence.themes: offset`.", unit="weeks", ge=-520,
        le=520, source="C48",
    )  # fmt: skip
    reports_to: str = param("", "Team it reports to; empty = to the head of the company.", source="C20")
    start: Literal["craft", "random", "given"] = param("craft", "Direction at the start.")
    direction: dict[str, Weight] = param({}, "Direction at the start when `start: given`.")
    field: dict[str, Weight] = param(
        {}, "A static pull on this team alone, by axis, in units of D; its length is its strength."
    )


class Segment(Block):
    """A part of the market."""

    share: float = param(1.0, "Relative size of the segment.", ge=1e-6, le=1e6)
    spend: float = param(20_000.0, "What a customer pays at list price.", unit="$/year", ge=0, le=1e9)
    relationship_weight: float = param(2.0, "Log change of churn per unit of relationship.", ge=0, le=100, source="C6")
    product_weight: float = param(
        1.0, "Log change of churn per unit of product quality times fit.", ge=0, le=100, source="C6"
    )
    service_weight: float = param(1.0, "Log change of churn per unit of recent experience.", ge=0, le=100, source="C6")
    price_weight: float = param(0.5, "Log change of churn per doubling of the price.", ge=0, le=20, source="C6")
    outside_option: float = param(0.0, "Pull of the alternatives: added to the log churn factor.", ge=-100, le=100)
    channel_taste: dict[str, Weight] = param(
        {}, "Weight of a channel relative to the others, by channel; 1 where none is given.", source="C10"
    )
    need: dict[str, Weight] = param(..., "What these customers need, by axis.")


class ScenarioModel(Block):
    """A company, its market and its way of working."""

    version: Literal[1] = param(1, "Version of the file format.")
    title: str = param("", "A short name for people.")
    question: str = param("", "The question this scenario helps to answer.")
    description: str = param("", "What it is for.")
    horizon_weeks: int = param(260, "Length of a run.", unit="weeks", ge=1, le=5200)
    axes: list[str] = param(
        ["acquire", "value", "ease", "care"], "Names of the axes of the priority space.", min_length=2, max_length=16
    )
    teams: dict[str, Team] = param({}, "Teams by name.", max_length=MANY)
    segments: dict[str, Segment] = param({}, "Segments by name.", min_length=1, max_length=MANY)

    market: Market = param(Market(), "M1 market and life cycle.")
    relationship: Relationship = param(Relationship(), "M2 relationship and effort memory.")
    journey: Journey = param(Journey(), "M3 journey.")
    handoffs: Handoffs = param(Handoffs(), "M4 handoffs.")
    word_of_mouth: WordOfMouth = param(WordOfMouth(), "M5 word of mouth.")
    contracts: Contracts = param(Contracts(), "M6 contracts and budget windows.")
    expansion: Expansion = param(Expansion(), "M7 expansion.")
    service: Service = param(Service(), "M8 service.")
    channels: Channels = param(Channels(), "M9 channels and technology.")
    causes: Causes = param(Causes(), "M10 root causes and firefighting.")
    vectors: Vectors = param(Vectors(), "M11 team vectors.")
    incentives: Incentives = param(Incentives(), "M12 incentive schemes.")
    sensing: Sensing = param(Sensing(), "M13 sensing.")
    reactions: Reactions = param(Reactions(), "M14 reaction to scores.")
    strategy: Strategy = param(Strategy(), "M15 strategy.")
    decisions: Decisions = param(Decisions(), "M16 decision rights.")
    cadence: Cadence = param(Cadence(), "M17 cadence.")
    blockers: Blockers = param(Blockers(), "M18 blockers and response.")
    capacity: Capacity = param(Capacity(), "M19 capacity and coordination.")
    culture: Culture = param(Culture(), "M20 culture.")
    leadership: Leadership = param(Leadership(), "M21 leadership.")
    loyalty: Loyalty = param(Loyalty(), "M22 loyalty programme.")
    ledger: Ledger = param(Ledger(), "M23 ledger.")
    measures: Measures = param(Measures(), "M24 measures.")
    timeline: Timeline = param(Timeline(), "M25 timeline.")
    ideas: Ideas = param(Ideas(), "M26 ideas and product.")
    selling: Selling = param(Selling(), "M27 selling behaviour.")
    observed: Observed = param(Observed(), "Real data on this company, and what may be fitted to them.")
    frozen: Frozen = param(Frozen(), "What this base case was calibrated to.")

    @model_validator(mode="after")
    def _names_exist(self) -> "ScenarioModel":
        problems = [problem for problem in cross_references(self)]
        if problems:
            raise CrossReference(problems)
        return self


#: $ a year that one customer can pay at most: money there is not.
DEAREST = 1e18
#: Steps of pairs of teams and axes in a week at most: half a second's work, so that a run can be stopped.
MOST_WORK = 100_000_000
#: Below this a component of a vector is 0.
NOTHING = 1e-9


def _nowhere(vector: dict[str, float]) -> bool:
    return all(abs(x) < NOTHING for x in vector.values())


#: What a timeline may not change, because the run is built on it.
FIXED = (
    "version", "title", "question", "description", "horizon_weeks", "axes", "timeline", "observed",
    "frozen",
    "market.accounts", "market.initial_customers", "market.initial_advocates", "market.initial_detractors",
    "market.start", "market.network", "culture.start", "ledger.opening_cash", "service.event_timed",
    "culture.learning.enabled", "culture.learning.people", "culture.learning.practices",
)  # fmt: skip
#: Mappings whose names are fixed for a run, though the values inside may change.
FIXED_NAMES = ("teams", "segments", "journey.touchpoints", "handoffs.links")


class CrossReference(ValueError):
    """One or more names or values in a scenario that do not fit each other.

    ``problems`` is a list of ``(path, message, candidates)``: the dotted path of the value, what was expected, and
    the valid names among which to look for a near one.
    """

    def __init__(self, problems: list[tuple[str, str, tuple[str, ...]]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{path}: {message}" for path, message, _ in problems))


def cross_references(model: ScenarioModel) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield every reference to a name that does not exist, and every pair of values that contradict each other."""
    axes, teams = tuple(model.axes), tuple(model.teams)

    def vector(path: str, value: dict[str, float]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for axis in value:
            if axis not in axes:
                yield f"{path}.{axis}", f"unknown axis {axis!r}", axes

    def names(
        path: str, used: Iterable[str], known: tuple[str, ...], what: str
    ) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for name in used:
            if name not in known:
                yield path, f"unknown {what} {name!r}", known

    if not model.segments:
        yield "segments", "expected at least one segment", ()
    if len(set(axes)) != len(axes):
        yield "axes", "every axis needs its own name", ()
    for name, team in model.teams.items():
        for part in ("craft", "direction", "field"):
            yield from vector(f"teams.{name}.{part}", getattr(team, part))
        if _nowhere(team.craft):
            yield f"teams.{name}.craft", "a craft needs a direction: at least one axis that is not 0", ()
        if team.start == "given" and _nowhere(team.direction):
            yield f"teams.{name}.direction", "`start: given` needs a direction that is not 0", ()
        if team.reports_to:
            yield from names(f"teams.{name}.reports_to", [team.reports_to], teams, "team")
            line, above = [name], team.reports_to
            while above in teams and above not in line:
                line.append(above)
                above = model.teams[above].reports_to
            if above == name:
                yield f"teams.{name}.reports_to", "expected a team further up: " + " > ".join([*line, name]), ()
    for name, segment in model.segments.items():
        yield from vector(f"segments.{name}.need", segment.need)
        if _nowhere(segment.need):
            yield f"segments.{name}.need", "a need points somewhere: at least one axis that is not 0", ()
    for name, touch in model.journey.touchpoints.items():
        at = f"journey.touchpoints.{name}"
        yield from names(f"{at}.owner", [touch.owner], teams, "team")
        for team_name, share in touch.support.items():
            yield from names(f"{at}.support.{team_name}", [team_name], teams, "team")
            if not 0 <= share <= 1:
                yield f"{at}.support.{team_name}", f"expected a share between 0 and 1, got {share}", ()
        if sum(touch.support.values()) > 1 + 1e-12:
            yield f"{at}.support", f"shares add up to {sum(touch.support.values()):g}, more than 1", ()
        yield from vector(f"{at}.need", touch.need)
    yield from _channels(model)
    for name, link in model.handoffs.links.items():
        yield from names(f"handoffs.links.{name}.from", [link.giver], teams, "team")
        yield from names(f"handoffs.links.{name}.to", [link.taker], teams, "team")
    for name, measure in model.incentives.measures.items():
        yield from vector(f"incentives.measures.{name}.gradient", measure.gradient)
        for part in ("columns", "per"):
            for column in getattr(measure, part):
                if column not in NAMES:
                    yield f"incentives.measures.{name}.{part}.{column}", f"unknown weekly column {column!r}", NAMES
        if measure.per and not measure.columns:
            yield f"incentives.measures.{name}.per", "a measure that is divided names the columns it divides", ()
    for name, pay in model.incentives.pay.items():
        yield from names(f"incentives.pay.{name}", [name], teams, "team")
        if not model.incentives.measures:
            at = f"incentives.pay.{name}.on.{next(iter(pay.on))}"
            yield at, "this company has no incentives.measures, so nobody can be paid on one", ()
            break
        for paid in pay.on:
            yield from names(f"incentives.pay.{name}.on.{paid}", [paid], tuple(model.incentives.measures), "measure")
    least = -1.0 / (len(axes) - 1)
    if model.incentives.substitution <= least + 1e-6:
        at, got = "incentives.substitution", model.incentives.substitution
        yield (
            at,
            f"expected more than {least:.3g} with {len(axes)} axes (else effort costs less than nothing), got {got:g}",
            (),
        )
    yield from names("cadence.members", model.cadence.members, teams, "team")
    for name, event in model.cadence.events.items():
        yield from names(f"cadence.events.{name}.members", event.members, teams, "team")
    yield from vector("strategy.target", model.strategy.target)
    for name, weight in model.culture.programme.competencies.items():
        if weight < 0:
            at = f"culture.programme.competencies.{name}"
            yield at, f"expected a weight of at least 0, got {weight}", ()
    for name, known in model.decisions.competence.items():
        yield from names(f"decisions.competence.{name}", [name], teams, "team")
        if not 0 <= known <= 1:
            yield f"decisions.competence.{name}", f"expected a share between 0 and 1, got {known}", ()
    if model.ideas.owner:
        yield from names("ideas.owner", [model.ideas.owner], teams, "team")

    yield from names("frozen.targets", model.frozen.targets, QUANTITIES, "quantity")

    market = model.market
    rise = max(0.0, math.log1p(market.price_rise)) * model.horizon_weeks / 52
    for name, segment in model.segments.items():
        dearest = segment.spend * market.price * model.expansion.wallet
        if dearest > 0 and math.log(dearest) + rise > math.log(DEAREST):
            at = "market.price_rise" if rise > 0 else f"segments.{name}.spend"
            yield at, f"a customer of {name} could pay more than $1e18 a year by the end of the run", ()
    if market.initial_customers > market.accounts:
        yield (
            "market.initial_customers",
            f"{market.initial_customers} customers do not fit into {market.accounts} accounts",
            (),
        )
    if market.initial_advocates + market.initial_detractors > 1:
        yield "market.initial_advocates", "advocates and detractors together are more than all customers", ()
    if market.network.kind in ("ring", "watts-strogatz") and market.network.degree % 2:
        yield (
            "market.network.degree",
            f"expected an even degree for {market.network.kind}, got {market.network.degree}",
            (),
        )
    if market.network.kind not in ("complete", "pairs") and market.network.degree >= market.accounts:
        yield "market.network.degree", f"expected fewer friends than the {market.accounts} accounts", ()
    if market.network.kind == "pairs" and market.accounts % 2:
        yield "market.accounts", "expected an even number of accounts for a network of pairs", ()
    work = len(teams) ** 2 * len(axes) * model.vectors.substeps
    if model.vectors.enabled and work > MOST_WORK:
        most = MOST_WORK // (len(teams) ** 2 * len(axes))
        yield "vectors.substeps", f"expected at most {most} with {len(teams)} teams and {len(axes)} axes", ()
    service = model.service
    if service.enabled and service.event_timed:
        stages = [touch for touch in model.journey.touchpoints.values() if touch.stage == "service"]
        if not service.servers and not stages:
            yield "service.servers", "an event-timed queue needs servers, or a touchpoint of the stage service", ()
        if not service.handling_hours and not any(touch.hours for touch in stages):
            yield "service.handling_hours", "an event-timed queue needs hours for handling an issue", ()
    if model.word_of_mouth.normalise == "per_tie" and market.network.kind == "complete":
        yield (
            "word_of_mouth.normalise",
            "`per_tie` needs a network with ties; on `complete` everybody is tied to all",
            (),
        )
    if market.churn.by == "voice" and model.contracts.enabled:
        yield "market.churn.by", "`by: voice` is for companies without contracts; set contracts.enabled to false", ()
    for name, pulse in model.timeline.customers.items():
        if abs(pulse.add) > market.accounts:
            yield f"timeline.customers.{name}.add", f"expected at most the {market.accounts} accounts of the market", ()
    for name, change in model.timeline.changes.items():
        for path in change.values:
            at = f"timeline.changes.{name}.set.{path}"
            if any(path == fixed or path.startswith(fixed + ".") for fixed in FIXED):
                yield at, "is fixed for the whole run; start from another scenario instead", ()
            for group in FIXED_NAMES:
                inside = path[len(group) + 1 :] if path.startswith(group + ".") else ""
                if path in (group, group.partition(".")[0]) or (inside and "." not in inside):
                    yield at, f"the names under {group} are fixed for the whole run; set a value inside one of them", ()
        if change.until_week and change.until_week <= change.from_week:
            yield f"timeline.changes.{name}.until_week", f"expected a week after from_week ({change.from_week})", ()


def _channels(model: ScenarioModel) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """References to channels (M9)."""
    block, kinds = model.channels, tuple(model.channels.kinds)

    def weights(path: str, value: dict[str, float], most: float) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for name, x in value.items():
            if name not in kinds:
                yield f"{path}.{name}", f"unknown channel {name!r}", kinds
            if not 0 <= x <= most:
                what = "expected a share between 0 and 1" if most == 1 else "expected a weight that is not negative"
                yield f"{path}.{name}", f"{what}, got {x}", ()

    for name, touch in model.journey.touchpoints.items():
        at = f"journey.touchpoints.{name}.channels"
        yield from weights(at, touch.channels, 1e9)
        if touch.channels and touch.stage not in ("onboarding", "use"):
            yield at, f"channels are for touchpoints of the stages onboarding and use, not {touch.stage}", ()
        if touch.channels and _nowhere(touch.channels):
            yield at, "expected at least one share above 0", ()
    for name, segment in model.segments.items():
        yield from weights(f"segments.{name}.channel_taste", segment.channel_taste, 1e9)
    yield from weights("channels.replaced", block.replaced, 1)
    if (block.replaced or block.replaced_by) and block.replaced_by not in kinds:
        yield "channels.replaced_by", f"unknown channel {block.replaced_by!r}", kinds
    if block.issue_types and all(kind.share < NOTHING for kind in block.issue_types.values()):
        yield "channels.issue_types", "expected at least one kind with a share above 0", ()

"""The whole scenario: one field per mechanism block, plus teams, segments and axes.

Everything named is a mapping; lists appear only where order is data.  References between names (a touchpoint's owner,
a paid measure, an axis) are checked when a scenario is made, by the block that holds them, so that a typo is found
before the first run.
"""

import math
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import model_validator

from flywheel_sim.scenario.blocks.doubt import Doubt
from flywheel_sim.scenario.blocks.frozen import Frozen
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
from flywheel_sim.scenario.fields import MANY, Block, Weight, param
from flywheel_sim.scenario.references import Problem, all_problems, bad_weights, nowhere, unknown, unknown_axes

__all__ = ["MECHANISMS", "CrossReference", "ScenarioModel", "Segment", "Team"]

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


#: $ a year that one customer can pay at most: money there is not.
DEAREST = 1e18


class CrossReference(ValueError):
    """One or more names or values in a scenario that do not fit each other.

    ``problems`` is a list of ``(path, message, candidates)``: the dotted path of the value, what was expected, and
    the valid names among which to look for a near one.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{path}: {message}" for path, message, _ in problems))


class Team(Block):
    """A company team: what it is good at, how many it has and what they cost."""

    headcount: float = param(..., "People in the team.", unit="heads", ge=0, le=1_000_000)
    salary: float = param(100_000.0, "Yearly cost of one head.", unit="$/year", ge=0, le=1e8)
    craft: dict[str, Weight] = param(..., "Direction of the team's craft, by axis.")
    front: bool = param(True, "Faces customers (otherwise it powers the teams that do).")
    scaling: float = param(
        0.8,
        "Elasticity of planned headcount in what it follows.",
        label="How far headcount follows the business",
        ge=0,
        le=2,
    )
    follows: Literal["revenue", "customers", "issues"] = param(
        "revenue", "What finance plans its headcount by: the company's revenue, its customers, or their issues."
    )
    standing_hours: float = param(
        0.0, "Hours a week that the team's standing work takes, whoever does it.", unit="hours/week", ge=0, le=1e7
    )
    hours_per_customer: float = param(
        0.0, "Hours of standing work a week for each customer.", unit="hours/week", ge=0, le=1000
    )
    hours_per_head: float = param(
        0.0,
        "Hours of standing work a week for each head of the company that has as much to do as in the base case.",
        unit="hours/week",
        ge=0,
        le=1000,
    )
    hours_per_lead: float = param(0.0, "Hours of standing work for each lead.", unit="hours", ge=0, le=1000)
    load_reference: float = param(0.85, "Hours needed over hours there at the frozen base case.", ge=0, le=100)
    looks_after_people: bool = param(
        False,
        "Whether this team fills posts and looks after people: what it leaves undone slows hires and loses people.",
    )
    skill: float = param(1.0, "Skill: multiplies the team's magnitude.", label="Skill of the team", ge=0, le=10)
    utc_offset: float = param(0.0, "Time zone.", unit="hours", ge=-12, le=14, source="C30")
    theme_offset: float = param(
        0.0,
        "Weeks by which the team enters each theme late, with `cadence.themes: offset`.",
        unit="weeks",
        ge=-520,
        le=520,
        source="C48",
    )
    reports_to: str = param("", "Team it reports to; empty = to the head of the company.", source="C20")
    start: Literal["craft", "random", "given"] = param("craft", "Direction at the start.")
    direction: dict[str, Weight] = param({}, "Direction at the start when `start: given`.")
    field: dict[str, Weight] = param(
        {},
        "A static pull on this team alone, by axis, in units of D; its length is its strength.",
        label="Fixed priorities of this team, whatever it is paid for",
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown axes and teams, directions of length 0, and circles of reporting."""
        for part in ("craft", "direction", "field"):
            yield from unknown_axes(f"{at}.{part}", getattr(self, part), model)
        if nowhere(self.craft):
            yield f"{at}.craft", "a craft needs a direction: at least one axis that is not 0", ()
        if self.start == "given" and nowhere(self.direction):
            yield f"{at}.direction", "`start: given` needs a direction that is not 0", ()
        if self.reports_to:
            yield from unknown(f"{at}.reports_to", [self.reports_to], model.teams, "team")
            name = at.removeprefix("teams.")
            line, above = [name], self.reports_to
            while above in model.teams and above not in line:
                line.append(above)
                above = model.teams[above].reports_to
            if above == name:
                yield f"{at}.reports_to", "expected a team further up: " + " > ".join([*line, name]), ()


class Segment(Block):
    """A part of the market."""

    share: float = param(1.0, "Relative size of the segment.", ge=1e-6, le=1e6)
    spend: float = param(20_000.0, "What a customer pays at list price.", unit="$/year", ge=0, le=1e9)
    relationship_weight: float = param(
        2.0,
        "Log change of churn per unit of relationship.",
        label="How much a warm relationship lowers churn",
        ge=0,
        le=100,
        source="C6",
    )
    product_weight: float = param(
        1.0,
        "Log change of churn per unit of product quality times fit.",
        label="How much a fitting product lowers churn",
        ge=0,
        le=100,
        source="C6",
    )
    service_weight: float = param(
        1.0,
        "Log change of churn per unit of recent experience.",
        label="How much good recent experience lowers churn",
        ge=0,
        le=100,
        source="C6",
    )
    price_weight: float = param(
        0.5,
        "Log change of churn per doubling of the price; under `market.pricing.law: felt`, how much these accounts mind "
        "prices relative to the others.",
        label="How much a higher price raises churn",
        ge=0,
        le=20,
        source="C6",
    )
    outside_option: float = param(
        0.0,
        "Pull of the alternatives: added to the log churn factor.",
        label="How attractive the alternatives are",
        ge=-100,
        le=100,
    )
    channel_taste: dict[str, Weight] = param(
        {}, "Weight of a channel relative to the others, by channel; 1 where none is given.", source="C10"
    )
    need: dict[str, Weight] = param(..., "What these customers need, by axis.")

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown axes and channels, a need of length 0, and more money than there is."""
        yield from unknown_axes(f"{at}.need", self.need, model)
        if nowhere(self.need):
            yield f"{at}.need", "a need points somewhere: at least one axis that is not 0", ()
        yield from bad_weights(f"{at}.channel_taste", self.channel_taste, model.channels.kinds, "channel")
        rise = max(0.0, math.log1p(model.market.price_rise)) * model.horizon_weeks / 52
        dearest = self.spend * model.market.price * model.expansion.wallet
        if dearest > 0 and math.log(dearest) + rise > math.log(DEAREST):
            where, name = "market.price_rise" if rise > 0 else f"{at}.spend", at.removeprefix("segments.")
            yield where, f"a customer of {name} could pay more than $1e18 a year by the end of the run", ()


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
    doubt: Doubt = param(Doubt(), "How well its numbers are known, where that is not said by their evidence marks.")

    @model_validator(mode="after")
    def _names_exist(self) -> "ScenarioModel":
        problems = list(all_problems(self))
        if problems:
            raise CrossReference(problems)
        return self

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield what is wrong with the axes and segments as a whole."""
        if not self.segments:
            yield "segments", "expected at least one segment", ()
        if len(set(self.axes)) != len(self.axes):
            yield "axes", "every axis needs its own name", ()

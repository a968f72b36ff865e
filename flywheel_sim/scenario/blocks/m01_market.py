"""Scenario block of M1: the market, its life cycle, and the starting population."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import field_validator

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem

NetworkKind = Literal["complete", "pairs", "ring", "watts-strogatz", "barabasi-albert", "configuration", "blocks"]


class Network(Block):
    """Who talks to whom among the accounts of the market."""

    kind: NetworkKind = param(
        "watts-strogatz", "Family of graphs; `complete` is random mixing and stores no edges.", label="Who knows whom"
    )
    degree: int = param(
        8, "Mean number of friends (even for ring and Watts-Strogatz).", ge=1, le=200, source="A11: 5-29"
    )
    rewiring: float = param(
        0.1, "Share of Watts-Strogatz ties rewired at random.", unit="probability", ge=0, le=1, source="A2"
    )
    homophily: float = param(
        0.5, "Share of ties kept inside the segment (`blocks` only).", unit="share", ge=0, le=1, advanced=True
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield a degree that no such graph has."""
        accounts = model.market.accounts
        if self.kind in ("ring", "watts-strogatz") and self.degree % 2:
            yield f"{at}.degree", f"expected an even degree for {self.kind}, got {self.degree}", ()
        if self.kind not in ("complete", "pairs") and self.degree >= accounts:
            yield f"{at}.degree", f"expected fewer friends than the {accounts} accounts", ()
        if self.kind == "pairs" and accounts % 2:
            yield "market.accounts", "expected an even number of accounts for a network of pairs", ()


class Voice(Block):
    """How customers start and stop talking: neutral <-> advocate, neutral <-> detractor."""

    neutral_to_advocate: float = param(
        0.012, "Rate at which neutral customers become advocates.", unit="1/week", ge=0, le=1000
    )
    neutral_to_detractor: float = param(
        0.005, "Rate at which neutral customers become detractors.", unit="1/week", ge=0, le=1000
    )
    advocate_to_neutral: float = param(0.015, "Rate at which advocates fall silent.", unit="1/week", ge=0, le=1000)
    detractor_to_neutral: float = param(0.030, "Rate at which detractors calm down.", unit="1/week", ge=0, le=1000)
    relationship_effect: float = param(
        2.5,
        "b_R: log change of the rates per unit of relationship above reference.",
        label="How much relationships decide who speaks up",
        ge=0,
        le=100,
        source="C32",
    )
    effort_effect: float = param(
        0.4,
        "b_E: log change of the rates per unit of effort memory above reference.",
        label="How much customer effort decides who complains",
        ge=0,
        le=100,
        source="C32, A13",
    )


class Churn(Block):
    """Why customers leave when no contract says when."""

    by: Literal["voice", "experience"] = param("experience", "One rate per voice (limits), or factors of experience.")
    neutral: float = param(0.0026, "Churn of neutral customers (`by: voice`).", unit="1/week", ge=0, le=1000)
    advocate: float = param(0.0010, "Churn of advocates (`by: voice`).", unit="1/week", ge=0, le=1000)
    detractor: float = param(0.0070, "Churn of detractors (`by: voice`).", unit="1/week", ge=0, le=1000)
    mean: float = param(
        0.12,
        "Mean churn propensity per period (per renewal under contracts, per purchase without: see `contracts.kind`).",
        label="Voluntary churn per renewal or purchase",
        unit="probability",
        ge=0,
        le=1,
        source="S24",
        evidence="V2",
    )
    dispersion: float = param(
        0.2,
        "1/(alpha+beta+1) of the Beta propensity, fixed for life; 0 = all alike.",
        label="How much customers differ in their loyalty",
        ge=0,
        lt=1,
        source="A3",
    )
    period_weeks: float = param(52.0, "Period of `mean` when contracts are off.", unit="weeks", ge=1, le=1_000_000)
    sensitivity: float = param(
        1.0, "Scales all experience factors on churn; 0 = churn ignores experience.", ge=0, le=100, source="C32"
    )
    effort_effect: float = param(
        0.3,
        "Log change of churn per unit of effort memory.",
        label="How much customer effort raises churn",
        ge=0,
        le=100,
        source="A13",
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield rates per voice beside contracts."""
        if self.by == "voice" and model.contracts.enabled:
            yield f"{at}.by", "`by: voice` is for companies without contracts; set contracts.enabled to false", ()


class Funnel(Block):
    """From lead to customer, stage by stage; off = every lead becomes a customer."""

    enabled: bool = param(True, "Off: conversion is 1 and nothing waits.", label="Leads have to be worked")
    qualify: float = param(
        0.36, "Lead to qualified lead.", unit="probability", ge=1e-4, le=1, source="S27", evidence="V2"
    )
    propose: float = param(
        0.44, "Qualified lead to proposal.", unit="probability", ge=1e-4, le=1, source="S27", evidence="V2"
    )
    close: float = param(0.22, "Proposal to sale.", unit="probability", ge=1e-4, le=1, source="S27", evidence="V2")
    onboard: float = param(0.95, "Sale to live customer.", unit="probability", ge=1e-4, le=1)
    reference: float = param(
        0.0,
        "Customers per lead at the frozen base case, by which lead rates are divided; 0 = the stages' product.",
        unit="probability",
        ge=0,
        le=1,
    )
    order: Literal["any", "newest"] = param(
        "any",
        "Which leads are worked when hours are short: any as likely as another, or those of this week before "
        "those that wait, whose odds are those of an answer after a day.",
        source="S22",
    )
    lapse: float = param(
        0.0,
        "Rate at which a lead that waits looks elsewhere; 0 = it waits for ever.",
        unit="1/week",
        ge=0,
        le=1000,
        source="S22",
    )
    rest_weeks: int = param(
        0, "Weeks in which an account is no lead again after one that lapsed or was lost.", unit="weeks", ge=0, le=520
    )
    leads_reference: float = param(
        0.0,
        "Leads an account brings a week at the frozen base case, rests included; keeps their number when it rests "
        "(`rest_weeks`). Times `rest_weeks` it is below 1.",
        unit="1/week",
        ge=0,
        lt=1,
    )
    delay_effect: bool = param(True, "A known long sales delay lowers the odds of winning (A28's table).", source="A28")

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield rests that leave no time to be a lead."""
        if self.leads_reference * self.rest_weeks >= 1:
            most = max(0, int(0.9 / self.leads_reference))
            yield (
                f"{at}.rest_weeks",
                f"an account that brings {self.leads_reference:g} leads a week has no {self.rest_weeks} weeks to rest "
                f"after each; leads_reference times rest_weeks is below 1, as at rest_weeks {most}",
                (),
            )


class Pricing(Block):
    """How a price is felt, and by whom."""

    law: Literal["level", "felt"] = param(
        "level",
        "`level`: what the list price adds to churn and takes from the odds of winning by the segments' "
        "`price_weight`; rises are paid, not felt. `felt`: an account feels the price it pays itself, and a rise when "
        "it is charged.",
        label="Whether customers feel the price that they pay themselves",
    )
    applies: Literal["both", "new", "existing"] = param(
        "both",
        "Whom a change of `market.price` in the timeline concerns: new customers, those there are (from their "
        "next anniversary on), or both (`law: felt`).",
        label="Whom a change of the list price applies to",
    )
    rival: float = param(
        1.0,
        "P_out: price of the best alternative relative to the base case's list price (`law: felt`).",
        ge=0.01,
        le=100,
        label="Price of the best alternative",
    )
    win_elasticity: float = param(
        1.5,
        "eps: elasticity of the odds of winning in the price, at the rival's price and in the mean over accounts "
        "(`law: felt`); .5 to 2 between firms, 1 to 3 with consumers.",
        ge=0,
        le=100,
        source="S40",
        label="How much a higher price lowers the odds of winning",
    )
    level_elasticity: float = param(
        1.5,
        "eta_L: elasticity of the hazard of leaving at a renewal in the price, at the rival's price and in the "
        "mean over accounts (`law: felt`).",
        ge=0,
        le=100,
        label="How much a price above others' raises churn",
    )
    rise_elasticity: float = param(
        1.0,
        "eta_C: elasticity of that hazard in a rise, when it is charged (`law: felt`); with eta_L 1.5 to 4.",
        ge=0,
        le=100,
        label="How much a rise of the price raises churn when it is charged",
    )
    spread: float = param(
        0.5,
        "Log-sd over accounts of how much each minds prices (mean 1; `law: felt`).",
        ge=0,
        le=3,
        label="How much customers differ in minding prices",
    )


class WinBack(Block):
    """Former customers may return."""

    rate: float = param(0.0005, "Rate at which a former customer considers coming back.", unit="1/week", ge=0, le=1000)


class Market(Block):
    """M1: accounts move between prospect, customer (neutral, advocate, detractor) and former customer."""

    enabled: bool = param(True, "Off: nobody is won and nobody leaves.", label="Winning and losing customers")
    accounts: int = param(5000, "Accounts in the market, N.", ge=1, le=100_000_000)
    initial_customers: int = param(200, "Customers at the start.", ge=0, le=100_000_000)
    initial_advocates: float = param(0.30, "Share of the first customers who are advocates.", unit="share", ge=0, le=1)
    initial_detractors: float = param(
        0.07, "Share of the first customers who are detractors.", unit="share", ge=0, le=1
    )
    start: Literal["uniform", "aligned"] = param(
        "uniform", "Contract phase of the first customers: spread over the year, or all signed at week 0."
    )
    at_rest: bool = param(
        False,
        "First customers begin with the references of relationship, effort and experience and the issues of a "
        "week, instead of as if all were new; deals agreed before wait for their budgets (`window_effect: timing`).",
    )
    pool: Literal["closed", "constant"] = param(
        "closed",
        "`closed`: a win uses up a prospect; `constant`: inflow as if prospects never ran out (S/N = 1).",
        label="Whether the market can run out of prospects",
        source="A23",
    )
    organic: float = param(
        1.0, "Share of the base case's external interest that comes whatever the owners of awareness do.", unit="share",
        ge=0, le=1,
    )  # fmt: skip
    promotion: float = param(
        1.0, "Interest that is asked for relative to the base case: what exceeds the `organic` share is bought, and "
        "found by the owners of awareness.", label="Interest that marketing buys, relative to the base case",
        ge=0, le=1000,
    )  # fmt: skip
    external: float = param(
        0.0006,
        "p: net new customers per prospect from marketing at reference.",
        label="New customers marketing wins, per prospect and week",
        unit="1/week",
        ge=0,
        le=1000,
        source="A1, about .03 a year",
        evidence="V2",
    )
    network: Network = param(Network(), "Network among accounts; a bare name sets the kind.")
    voice: Voice = param(Voice(), "Voice transitions.")
    churn: Churn = param(Churn(), "Churn.")
    funnel: Funnel = param(Funnel(), "Stages of the sale.")
    win_back: WinBack = param(WinBack(), "Win-back.")
    fit_mean: float = param(0.7, "Mean fit of an account to the product.", unit="share", gt=0, lt=1)
    fit_reference: float = param(
        0.0, "Mean fit at the frozen base case, where churn and issues were found; 0 = `fit_mean`.", unit="share", ge=0,
        le=1,
    )  # fmt: skip
    fit_dispersion: float = param(
        0.1,
        "1/(a+b+1) of the Beta fit; 0 = all alike.",
        label="How much accounts differ in their fit to the product",
        ge=0,
        lt=1,
    )
    price: float = param(
        1.0, "List price relative to the base case; multiplies every segment's spend.", ge=0.01, le=100
    )
    pricing: Pricing = param(Pricing(), "How prices are felt.")
    price_rise: float = param(0.0, "Rise of the price at each anniversary.", unit="share a year", ge=-0.5, le=1)
    product_quality: float = param(0.7, "Quality of the product in use.", unit="share", ge=0, le=1)
    product_reference: float = param(0.7, "Product quality at the frozen base case.", unit="share", ge=0, le=1)

    @field_validator("network", mode="before")
    @classmethod
    def _kind_alone(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield first customers beyond the accounts, and voices beyond the customers."""
        if self.initial_customers > self.accounts:
            fit = f"{self.initial_customers} customers do not fit into {self.accounts} accounts"
            yield f"{at}.initial_customers", fit, ()
        if self.initial_advocates + self.initial_detractors > 1:
            yield f"{at}.initial_advocates", "advocates and detractors together are more than all customers", ()

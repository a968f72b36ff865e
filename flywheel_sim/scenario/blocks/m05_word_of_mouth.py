"""Scenario block of M5: word of mouth."""

from collections.abc import Iterator
from typing import Any, Literal

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem


class Reviews(Block):
    """What customers write in public, for those who know none of them."""

    enabled: bool = param(False, "Off: nobody reads reviews.", label="Public reviews", role="company")
    written: float = param(
        0.01, "Reviews that one advocate writes.", unit="1/week", role="effect", gt=0, le=10, source="C32"
    )
    angry: float = param(
        2.0,
        "How much likelier a detractor writes one.",
        role="effect",
        ge=0,
        le=100,
    )
    half_life_weeks: float = param(52.0, "Half-life of a review.", unit="weeks", role="effect", gt=0, le=1_000_000)
    effect: float = param(
        1.0,
        "Log change of the interest from outside when the share of good reviews rises from 0 to 1; 0 = off.",
        label="How much public reviews move interest",
        role="effect",
        ge=0,
        le=20,
    )


class WordOfMouth(Block):
    """M5: customers who talk bring customers, and customers who complain keep them away."""

    enabled: bool = param(True, "Off: customers come from marketing alone.", label="Word of mouth")
    rate: float = param(
        0.004,
        "Strength of one voice of weight 1: net new customers it brings a week at S/N = 1 (`per_speaker`), or "
        "imitation rate q of one prospect (`per_prospect`); not used by `per_tie`.",
        unit="1/week",
        ge=0,
        le=1000,
        source="A23: R_f = .70",
    )
    normalise: Literal["per_speaker", "per_prospect", "per_tie", "per_friend"] = param(
        "per_speaker",
        "A voice is shared among the speaker's friends, averaged over the listener's, heard in full by each tie, or "
        "heard by each friend as in an average circle, so that who has more friends brings more.",
        label="Whether customers who know many bring more",
        source="A1, A2, A11, A23",
    )
    talk_spread: float = param(
        0.0,
        "Standard deviation of the logarithm of how much an account talks, mean 1; 0 = everybody alike.",
        ge=0,
        le=3,
        source="S9: .6-1.4; S10",
    )
    strong: float = param(
        0.04,
        "beta_s: chance that one strong tie to a voice of weight 1 wins its listener (`per_tie`).",
        label="Chance that a close friend's praise wins a customer",
        unit="probability a week",
        ge=0,
        lt=1,
        source="A11: .01-.07",
        evidence="M",
    )
    weak: float = param(
        0.01,
        "beta_w: the same through a weak tie (`per_tie`).",
        label="Chance that an acquaintance's praise wins a customer",
        unit="probability a week",
        ge=0,
        lt=1,
        source="A11: .005-.015",
        evidence="M",
    )
    strong_share: float = param(
        0.5,
        "Share of ties that are strong (`per_tie`).",
        unit="share",
        ge=0,
        le=1,
        source="A11: 5-29 of each",
        evidence="V",
    )
    weak_ties: Literal["fixed", "redrawn"] = param(
        "fixed",
        "A weak tie leads to the same friend for good, or to anybody, another every week (`per_tie`).",
        source="A11",
    )
    advocate: float = param(1.0, "Weight of an advocate's voice.", ge=0, le=100)
    neutral: float = param(0.0, "Weight of a neutral customer's voice.", ge=0, le=100)
    detractor: float = param(0.0, "Weight of a detractor's *positive* voice (1 in the Bass limit).", ge=0, le=100)
    negative: float = param(
        1.0,
        "chi: impact of a bad message relative to a good one; 0 = bad voices are not heard.",
        label="How much louder bad word of mouth is than good",
        ge=0,
        le=100,
        source="S6",
        evidence="V",
    )
    negative_weeks: int = param(
        26,
        "H: weeks a prospect who heard a bad voice stays away; 5200 or more = for good.",
        label="Weeks that bad word of mouth keeps a prospect away",
        unit="weeks",
        ge=1,
        le=1_000_000,
        source="S6; A12: for good",
    )
    former_voice: float = param(0.3, "Share of leavers who speak badly after leaving.", unit="share", ge=0, le=1)
    former_half_life_weeks: float = param(
        17.0, "Half-life of a former customer's bad voice.", unit="weeks", gt=0, le=1_000_000
    )
    contagion: float = param(
        1.8,
        "Factor of a customer's churn hazard per friend who has just left of their own will; 1 = off.",
        label="How much a friend who leaves raises one's own churn",
        unit="ratio",
        gt=0,
        le=10,
        source="S3",
        evidence="V",
    )
    contagion_half_life_weeks: float = param(
        4.0,
        "Half-life of the memory of a friend's leaving.",
        unit="weeks",
        gt=0,
        le=1_000_000,
        source="S3",
        evidence="M",
    )
    referred_churn: float = param(
        0.82,
        "Factor of a referred customer's churn while the referrer is a customer; 1 = off.",
        label="Churn of referred customers against others",
        unit="ratio",
        gt=0,
        le=10,
        source="A8, S7",
        evidence="M",
    )
    referred_fit: float = param(
        0.0,
        "Share of the missing fit that is not missing in referred customers: friends know who it is for.",
        unit="share",
        ge=0,
        le=1,
        source="A8, S7",
    )
    referred_margin: float = param(
        0.10,
        "Extra margin of a referred customer in its first week, relative to that of others; gone in a year.",
        unit="share",
        ge=0,
        le=1,
        source="A8",
        evidence="V2",
    )
    referrer_churn: float = param(
        1.0,
        "Factor of one's own churn for a year after bringing a customer; 1 = off (19 to 7 % a year would be .35).",
        label="Churn of customers who refer against others",
        unit="ratio",
        gt=0,
        le=10,
        source="S8",
    )

    reward: float = param(
        0.0,
        "Reward for each new customer that a customer brings, paid when it goes live.",
        unit="$",
        role="decision",
        ge=0,
        le=1e9,
    )
    reward_effect: float = param(
        0.5,
        "Most that a reward raises good word of mouth by.",
        label="How much rewards raise referrals at most",
        unit="share",
        role="effect",
        acts="reward > 0",
        ge=0,
        le=10,
    )
    reward_scale: float = param(
        0.02,
        "Reward, over a year of what a customer pays, at which 1 - 1/e of that is reached.",
        unit="share",
        role="effect",
        acts="reward > 0",
        gt=0,
        le=100,
    )
    reviews: Reviews = param(Reviews(), "Public reviews.")

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield ties, and talkers, in a market where everybody is tied to all."""
        if self.talk_spread > 0 and model.market.network.kind == "complete":
            yield (
                f"{at}.talk_spread",
                "talkers need a network with ties; on `complete` voices are counted",
                (),
            )
        if self.normalise == "per_tie" and model.market.network.kind == "complete":
            yield f"{at}.normalise", "`per_tie` needs a network with ties; on `complete` everybody is tied to all", ()

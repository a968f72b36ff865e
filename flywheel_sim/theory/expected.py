r"""A scenario as the mean-field twin sees it: who buys, talks and leaves at its rates, whatever they experience.

The rates are read off the scenario; everything that would change them is left out.  So the twin of `compartments` is
where the simulation must be when nobody's experience acts (A23; `flywheel verify A23-path`), and elsewhere the ruler
beside it: what a run has more or less is the work of experience, contracts, queues, teams and the network.

What is corrected for: speakers reach N - 1 others, not N; a weekly tick (``step=1``); a constant pool has S/N = 1.
What is left out, and pulls runs away from it:

- experience, friction, price and product acting on churn, voice and sales; waiting for sales and onboarding;
- renewal dates (their yearly chance is spread evenly) and unequal propensities: survivors stay longer (A3);
- the network: friends of customers are customers already, so clustered word of mouth is slower (A2);
- bad messages, contagion, premiums of referred customers, segments, and everything the timeline changes;
- luck itself: of a market of N the mean lies below the twin by a term of the order of variance / N.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["market_symbols"]

YEAR = 52.0


def market_symbols(scenario: Any) -> dict[str, Any]:
    """Return symbols of `mean_field`, ``pool`` and ``weeks`` among them, of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Anything whose ``model`` holds the blocks ``market``, ``contracts`` and ``word_of_mouth``.

    Returns
    -------
    dict
        Rates per week.

    Raises
    ------
    ValueError
        When the scenario has no market: customers neither come nor go.

    Notes
    -----
    [X]; a yearly chance x becomes the rate -ln(1 - x)/52, and p and w are net of the funnel at reference.

    Examples
    --------
    >>> from flywheel_sim import load
    >>> symbols = market_symbols(load("b2b-saas"))
    >>> symbols["N"], symbols["p"], round(52 * symbols["hC"], 4)
    (5000.0, 0.0006, 0.1513)
    """
    model = scenario.model
    market, talk = model.market, model.word_of_mouth
    if not market.enabled:
        raise ValueError("the scenario has no market that a mean field could follow: market.enabled is off")
    accounts, first = float(market.accounts), float(market.initial_customers)
    constant = market.pool == "constant"
    N = accounts + first if constant else accounts
    reach = N / accounts if constant else accounts / max(accounts - 1.0, 1.0)
    voice, loud = market.voice, _strength(model) * reach
    churn = _churn(model)
    return {
        "N": N,
        "initial": first,
        "initial_A": first * min(market.initial_advocates, 1.0),
        "initial_D": first * min(market.initial_detractors, 1.0 - market.initial_advocates),
        "p": market.external,
        "w_A": loud * talk.advocate,
        "w_C": loud * talk.neutral,
        "w_D": loud * talk.detractor,
        "CA": voice.neutral_to_advocate,
        "CD": voice.neutral_to_detractor,
        "AC": voice.advocate_to_neutral,
        "DC": voice.detractor_to_neutral,
        "hC": churn[0],
        "hA": churn[1],
        "hD": churn[2],
        "win_back": market.win_back.rate,
        "pool": market.pool,
        "weeks": model.horizon_weeks,
    }


def _strength(model: Any) -> float:
    """Return new customers a voice of weight 1 brings in a week where everybody else is a prospect."""
    talk = model.word_of_mouth
    if not talk.enabled:
        return 0.0
    if talk.normalise != "per_tie":
        return float(talk.rate)
    strong, weak = -math.log1p(-talk.strong), -math.log1p(-talk.weak)
    network = model.market.network
    friends = {"complete": model.market.accounts - 1, "pairs": 1}.get(network.kind, network.degree)
    return float(friends * (talk.strong_share * strong + (1.0 - talk.strong_share) * weak))


def _churn(model: Any) -> tuple[float, float, float]:
    """Return rates at which neutral customers, advocates and detractors leave."""
    market, contracts = model.market, model.contracts
    churn = market.churn
    if churn.by == "voice":
        return churn.neutral, churn.advocate, churn.detractor
    stay = 1.0 - churn.mean
    if not contracts.enabled:
        rate = -math.log(max(stay, 1e-12)) / churn.period_weeks
    else:
        buys = contracts.purchase_shape / contracts.purchase_scale_weeks
        often = {"annual": 1.0 / YEAR, "monthly": 12.0 / YEAR, "non-contractual": buys}[contracts.kind]
        rate = -math.log(max(stay * (1.0 - contracts.involuntary), 1e-12)) * often
    return rate, rate, rate

"""Limits of customers: diffusion, retention, purchases, value, ties (A1-A5, A7, A10, A11)."""

from typing import Any

import numpy as np

from flywheel_sim import theory
from flywheel_sim.results import Run
from flywheel_sim.results.verification import Quantity
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.verification.limits.base import Floats, Limit, Sample, average, curve, known

__all__ = ["CUSTOMERS"]

_YEARS = np.array([1, 2, 5, 10, 15])
_BASS = ("market.accounts", "market.external", "word_of_mouth.rate", "horizon_weeks")


def _years(model: Any) -> Floats:
    """Return years of the table within the horizon, or the last week when it is shorter than a year."""
    weeks = int(model.horizon_weeks)
    inside = _YEARS[weeks >= 52 * _YEARS]
    return inside.astype(np.float64) if len(inside) else np.array([weeks / 52.0])


def _adopted(run: Run) -> Floats:
    model = run.scenario.model
    at = np.rint(52 * _years(model)).astype(int)
    return np.asarray(run.series("customers", start=True)[at] / model.market.accounts)


def _bass(s: Sample) -> list[Quantity]:
    m = s.model
    years, n, runs = _years(m), m.market.accounts, len(s.first)
    weeks = np.rint(52 * years)
    p, q = m.market.external, m.word_of_mouth.rate
    small = theory.bass_pure_birth(weeks, p, q, min(n, 500), step=1.0)
    if n <= 500:
        mean, bias = small.mean, 0.0
    else:  # the chain's mean lies below the curve of endlessly many by a term in 1/N
        mean = np.asarray(theory.bass(weeks, p, q, step=1.0))
        bias = float(np.abs(mean - small.mean).max()) * 500 / n
    sd = small.sd * np.sqrt(min(n, 500) / n)
    quantities: list[Quantity] = []
    for k, year in enumerate(years):
        error = float(sd[k] / np.sqrt(runs))
        quantities.append(
            known(
                f"share won, year {year:g}",
                float(s.first[:, k].mean()),
                float(mean[k]),
                error,
                bias=bias,
                line="share won",
                x=float(year),
            )
        )
    if runs > 20 and n <= 500:
        for k, year in enumerate(years):
            x = s.first[:, k]
            spread = x.std(ddof=1)
            fourth = np.mean((x - x.mean()) ** 4)
            error = float(np.sqrt(max(fourth - spread**4, 1e-30) / runs) / (2 * spread))
            quantities.append(known(f"its standard deviation, year {year:g}", float(spread), float(sd[k]), error))
    return quantities


def _bass_path(s: Sample) -> dict[str, tuple[Floats, Floats]]:
    m = s.model
    weeks, n = np.arange(m.horizon_weeks + 1.0), m.market.accounts
    p, q = m.market.external, m.word_of_mouth.rate
    y = theory.bass_pure_birth(weeks, p, q, n, step=1.0).mean if n <= 500 else theory.bass(weeks, p, q, step=1.0)
    return {"share won": (weeks / 52, np.asarray(y))}


def _ring_path(s: Sample) -> dict[str, tuple[Floats, Floats]]:
    m = s.model
    weeks = np.arange(m.horizon_weeks + 1.0)
    law = theory.bass_pair if m.market.network.kind == "pairs" else theory.bass_ring
    return {"share won": (weeks / 52, np.asarray(law(weeks, m.market.external, m.word_of_mouth.rate, step=1.0)))}


def _ring(s: Sample) -> list[Quantity]:
    years, m = _years(s.model), s.model
    law = theory.bass_pair if m.market.network.kind == "pairs" else theory.bass_ring
    exact = law(np.rint(52 * years), m.market.external, m.word_of_mouth.rate, step=1.0)
    return curve("share won", list(years), s.first, np.asarray(exact), "year")


def _beta(model: Any) -> tuple[float, float]:
    """Return parameters of the Beta of a churn propensity with this mean and dispersion."""
    churn = model.market.churn
    size = 1.0 / churn.dispersion - 1.0
    return churn.mean * size, (1.0 - churn.mean) * size


def _survival(model: Any, years: Floats) -> Floats:
    """Share still there after so many renewals."""
    churn = model.market.churn
    if churn.dispersion == 0.0:
        return np.asarray((1.0 - churn.mean) ** years)
    return np.asarray(theory.sbg(years, *_beta(model)))


def _cohort(run: Run) -> Floats:
    weeks = 52 * np.arange(1, run.weeks // 52 + 1)
    stayed = run.series("customers", start=True)[weeks] / run.scenario.model.market.initial_customers
    value = run.series("value")[-1] / run.scenario.model.market.initial_customers
    return np.append(stayed, value)


def _paid(model: Any, years: int) -> tuple[float, float]:
    """Return the mean and standard deviation of one customer's discounted yearly dollars, the first at t = 0."""
    stayed = np.append(1.0, _survival(model, np.arange(1.0, years + 1)))
    total = np.cumsum((1.0 + model.ledger.discount_rate) ** -np.arange(stayed.size))
    leave = np.append(-np.diff(stayed), stayed[-1])
    mean = float(leave @ total)
    return mean, float(np.sqrt(leave @ (total - mean) ** 2))


def _retention(s: Sample) -> list[Quantity]:
    years = np.arange(1.0, s.first.shape[1])
    stayed, heads = _survival(s.model, years), s.model.market.initial_customers * len(s.first)
    quantities = [
        known(
            f"share still there, year {year:g}",
            float(s.first[:, k].mean()),
            float(stayed[k]),
            float(np.sqrt(stayed[k] * (1 - stayed[k]) / heads)),
            line="share still there",
            x=float(year),
        )
        for k, year in enumerate(years[:12])
    ]
    mean, sd = _paid(s.model, len(years))
    quantities.append(known("value of a customer, $", float(s.first[:, -1].mean()), mean, sd / np.sqrt(heads)))
    return quantities


def _lifetime_value(s: Sample) -> list[Quantity]:
    m, years = s.model, s.first.shape[1] - 1
    r, i = 1.0 - m.market.churn.mean, m.ledger.discount_rate
    whole = float(theory.clv(1.0, r, i, first_margin="start"))
    mean, sd = _paid(m, years)
    heads = m.market.initial_customers * len(s.first)
    value = float(s.first[:, -1].mean())
    return [known("value of a customer, $", value, whole, sd / np.sqrt(heads), bias=abs(whole - mean))]


def _five_points(scenario: Scenario) -> list[Scenario]:
    return [scenario, scenario.with_({"market.churn.mean": scenario.get("market.churn.mean") - 0.05})]


def _defection(s: Sample) -> list[Quantity]:
    before, after = (values[:, -1] for values in s.values)
    c, years = s.model.market.churn.mean, s.first.shape[1] - 1
    exact = float(theory.defection_profit_gain(c))
    cut = _paid(s.scenarios[1].model, years)[0] / _paid(s.model, years)[0] - 1.0
    return [average("gain in profit from five points", after / before - 1.0, exact, bias=abs(exact - cut) + 1e-9)]


_CDNOW = np.array([1, 10, 26, 39, 52])


def _bought(run: Run) -> Floats:
    at = _CDNOW[run.weeks >= _CDNOW]
    heads = run.scenario.model.market.initial_customers
    who = run.customers[run.customers["spells"] > 0]
    return np.append(np.cumsum(run.series("purchases"))[at - 1] / heads, np.mean(who["revenue"] == 0))


def _purchases(s: Sample) -> list[Quantity]:
    m = s.model
    a, b = _beta(m)
    r, alpha = m.contracts.purchase_shape, m.contracts.purchase_scale_weeks
    at = _CDNOW[m.horizon_weeks >= _CDNOW]
    exact = np.asarray(theory.bgnbd_expected_purchases(at, r=r, alpha=alpha, a=a, b=b))
    quantities = curve("purchases of a customer", list(at), s.first[:, :-1], exact, "week")
    never = float(theory.bgnbd_no_purchase_probability(m.horizon_weeks, r, alpha))
    error = np.sqrt(never * (1 - never) / (m.market.initial_customers * len(s.first)))
    return [*quantities, known("share that never bought", float(s.first[:, -1].mean()), never, error)]


def _purchases_path(s: Sample) -> dict[str, tuple[Floats, Floats]]:
    m, (a, b) = s.model, _beta(s.model)
    r, alpha = m.contracts.purchase_shape, m.contracts.purchase_scale_weeks
    weeks = np.arange(1.0, m.horizon_weeks + 1)
    return {
        "purchases of a customer": (
            weeks,
            np.asarray(theory.bgnbd_expected_purchases(weeks, r=r, alpha=alpha, a=a, b=b)),
        )
    }


def _with_and_without(scenario: Scenario) -> list[Scenario]:
    return [scenario, scenario.with_({"timeline.enabled": False})]


def _gift(model: Any) -> tuple[int, int]:
    pulse = model.timeline.customers["gift"]
    return pulse.week, pulse.add


def _looks(model: Any) -> Floats:
    """Return weeks at which the gift is looked at: the peak of the curve and later."""
    p, q, week = model.market.external, model.word_of_mouth.rate, _gift(model)[0]
    peak = round(float(theory.bass_peak(p, q).t))
    at = np.array([max(peak, week + 52), 520, 780])
    return np.unique(at[(at > week) & (at <= model.horizon_weeks)])


def _count(run: Run) -> Floats:
    return np.asarray(run.series("customers")[_looks(run.scenario.model) - 1])


def _jump(model: Any, add: int) -> Floats:
    """Return mean-field number of customers week by week, with so many added at the week of the gift."""
    n, week = model.market.accounts, _gift(model)[0]
    share, path = 0.0, np.zeros(model.horizon_weeks + 1)
    for t in range(1, path.size):
        if t == week:
            share += add / n
        hazard = model.market.external + model.word_of_mouth.rate * share
        share += (1.0 - share) * -np.expm1(-hazard)
        path[t] = share
    return np.asarray(path * n)


def _acceleration(s: Sample) -> list[Quantity]:
    m, (week, add) = s.model, _gift(s.model)
    at = _looks(m)
    exact = np.asarray(theory.adopter_multiplier(week, at, m.market.external, m.word_of_mouth.rate))
    step = (_jump(m, add) - _jump(m, 0))[at] / add
    ratio = (s.values[0] - s.values[1]) / add
    return curve("customers for one given away", list(at), ratio, exact, "week", bias=np.abs(step - exact) + 0.005)


_TIES = ("word_of_mouth.strong", "word_of_mouth.weak", "market.external", "market.network.degree")
_ONE_PROSPECT = {
    "market.accounts": 60,
    "market.initial_customers": 59,
    "market.network.kind": "ring",
    "horizon_weeks": 1,
}


def _won(run: Run) -> Floats:
    return np.array([run.series("new_customers")[0], run.initial["prospects"]])


def _informed(s: Sample) -> list[Quantity]:
    w, degree = s.model.word_of_mouth, s.model.market.network.degree
    won, asked = s.first.sum(axis=0)
    alpha, ring = -np.expm1(-s.model.market.external), w.strong_share in (0, 1)
    if ring:
        j, m = (0, degree) if w.strong_share else (degree, 0)
        exact, bias = float(theory.informed_probability(alpha, w.weak, w.strong, j=j, m=m)), 0.0
    else:  # a tie is strong, weak, or to somebody who does not speak, each by chance
        talks = s.model.market.initial_customers / s.model.market.accounts
        silent = 1 - talks * ((1 - w.strong_share) * w.weak + w.strong_share * w.strong)
        exact, bias = 1 - (1 - alpha) * silent**degree, 2e-4
    error = np.sqrt(exact * (1 - exact) / asked)
    kind = {0: "weak ties only", 1: "strong ties only"}.get(w.strong_share, "both kinds, half the market won")
    return [known(f"chance to be informed, {kind}", won / asked, exact, error, bias=bias)]


CUSTOMERS = (
    Limit("A1", "Bass diffusion by random mixing", "a01-bass", _BASS, _adopted, _bass, 200, 2000,
          "weekly law of the finite market, exact up to 500 accounts; beyond, a term in 1/N", path=_bass_path),
    Limit("A2-ring", "Bass diffusion on a ring", "a02-ring", _BASS, _adopted, _ring, 60, 1200,
          "2 000 accounts are as good as an endless ring", path=_ring_path),
    Limit("A2-pair", "Bass diffusion in pairs", "a02-pair", _BASS, _adopted, _ring, 60, 1200, path=_ring_path),
    Limit("A3", "Contractual retention (sBG)", "a03-sbg-regular",
          ("market.churn.mean", "market.churn.dispersion", "ledger.discount_rate", "horizon_weeks", "market.accounts",
           "market.initial_customers"), _cohort, _retention, 10, 60),
    Limit("A4", "Non-contractual buying (BG/NBD)", "a04-bgnbd",
          ("contracts.purchase_shape", "contracts.purchase_scale_weeks", "market.churn.mean",
           "market.churn.dispersion", "horizon_weeks", "market.accounts", "market.initial_customers"),
          _bought, _purchases, 20, 100, accounts=True, path=_purchases_path),
    Limit("A5", "Customer lifetime value", "a05-clv",
          ("market.churn.mean", "ledger.discount_rate", "horizon_weeks", "market.accounts",
           "market.initial_customers"), _cohort, _lifetime_value, 4, 40, "payments after the horizon are missing"),
    Limit("A7", "Defection and profit", "a07-defection",
          ("market.churn.mean", "horizon_weeks", "market.accounts", "market.initial_customers"),
          _cohort, _defection, 12, 60, "profit after the horizon is missing", {"market.accounts": 4000,
          "market.initial_customers": 4000}, _five_points),
    Limit("A10", "What one customer more brings forward", "a10-acceleration",
          (*_BASS, "timeline.customers.gift.week", "timeline.customers.gift.add"), _count, _acceleration, 24, 400,
          "a gift of a finite size and weeks instead of moments: the weekly recursion's distance, and .005",
          {"market.accounts": 3000}, _with_and_without),
    Limit("A11-weak", "Weak ties", "a11-ties", _TIES, _won, _informed, 4000, 40000,
          given={**_ONE_PROSPECT, "word_of_mouth.strong_share": 0}),
    Limit("A11-strong", "Strong ties", "a11-ties", _TIES, _won, _informed, 4000, 40000,
          given={**_ONE_PROSPECT, "word_of_mouth.strong_share": 1}),
    Limit("A11-both", "Strong and weak ties", "a11-ties", (*_TIES, "word_of_mouth.strong_share"), _won, _informed, 40,
          400, "friends' shares of customers vary a little more than chance: .0002",
          {"market.initial_customers": 2000, "horizon_weeks": 1}),
)  # fmt: skip

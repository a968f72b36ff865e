"""Limits of the company: scores, queues, the wheel, tenure, tampering, standards, traps (A6, A21, A23-A27, A30)."""

import math
from typing import Any

import numpy as np

from flywheel_sim import theory
from flywheel_sim.results import Run
from flywheel_sim.results.verification import Quantity
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.verification.limits.base import (
    Floats,
    Limit,
    Sample,
    average,
    curve,
    exactly,
    exactly_at,
    known,
    ratio,
)

__all__ = ["COMPANY"]


def _shares(model: Any) -> tuple[float, float]:
    """Return chances that a customer would be a promoter, and a detractor."""
    s, r = model.sensing, model.relationship.start
    up = 1.0 / (1.0 + math.exp((s.promoter_above - r) / s.answer_spread))
    down = 1.0 / (1.0 + math.exp((r - s.detractor_below) / s.answer_spread))
    return up, min(down, 1.0 - up)


def _scores(run: Run) -> Floats:
    """Return the mean distance of the surveyed from the true score in standard errors of theory, and its mean
    square.
    """
    every = run.scenario.model.sensing.survey_weeks
    answers = run.series("survey_answers")[every - 1 :: every]
    score = run.series("nps_survey")[every - 1 :: every]
    up, down = _shares(run.scenario.model)
    kept = answers > 0
    error = np.asarray(theory.nps_standard_error(up, down, answers[kept]))
    z = (score[kept] - float(theory.nps(up, down))) / error
    return np.array([z.mean(), np.mean(z**2), run.series("nps_true")[-1]])


def _nps(s: Sample) -> list[Quantity]:
    up, down = _shares(s.model)
    return [
        exactly("net promoter score if all answered", s.first[0, 2], float(theory.nps(up, down)), 1e-3),
        average("distance of surveys from it, standard errors", s.first[:, 0], 0.0),
        average("its mean square", s.first[:, 1], 1.0),
    ]


_WARM_UP = 26


def _queue_of(run: Run) -> Floats:
    """Share that waits, mean wait in service times, repeats per contact, hours asked for over an hour's work."""
    m = run.scenario.model
    handled, contacts, wait, waited, repeats, backlog = (
        run.series(name)[_WARM_UP:]
        for name in ("handled", "contacts", "wait_weeks", "waited", "repeat_contacts", "backlog")
    )
    in_service = np.sum(wait * handled) / handled.sum() * m.capacity.gross_hours / m.service.handling_hours
    return np.array([waited.sum() / handled.sum(), in_service, repeats.sum() / contacts.sum(), backlog.mean()])


def _offered(model: Any) -> float:
    """Work asked for in servers, without what comes back."""
    service = model.service
    per_week = service.issues * model.market.initial_customers
    return float(per_week * service.handling_hours / model.capacity.gross_hours)


def _one_issue(s: Sample) -> float:
    """Return one issue as a share of all that were raised: what no number of runs can tell from none."""
    m = s.model
    return 1.0 / max(float(m.service.issues * m.market.initial_customers * m.horizon_weeks * len(s.first)), 1.0)


def _queue(s: Sample) -> list[Quantity]:
    m, x = s.model, s.first
    again = 1.0 - m.service.first_contact_resolution
    asked, servers = float(theory.failure_demand(_offered(m), again)), m.service.servers
    wait = float(theory.erlang_wait(asked, servers))
    quantities = [average("mean wait, service times", x[:, 1], wait, bias=_one_issue(s))]
    if again == 0.0:
        waits = float(theory.erlang_c(asked, servers))
        quantities.insert(0, average("share that waits", x[:, 0], waits, bias=_one_issue(s)))
        quantities.append(average("issues open (Little)", x[:, 3], float(theory.little(asked, 1.0 + wait))))
    else:
        quantities.append(average("repeats per contact", x[:, 2], again))
    return quantities


def _impatience(run: Run) -> Floats:
    """Return issues raised, given up, served and served after a wait, and those open on average, once the start is
    over.
    """
    m = run.scenario.model
    start = max(_WARM_UP, math.ceil(10 * m.service.patience_hours / m.capacity.gross_hours))
    if 2 * start > run.weeks:
        raise ValueError(
            f"a queue this patient is at rest after {start} weeks; set horizon_weeks to {2 * start} or more"
        )
    raised, gone, served, waited, open_ = (
        run.series(name)[start:] for name in ("contacts", "abandoned", "handled", "waited", "backlog")
    )
    return np.array([raised.sum(), gone.sum(), served.sum(), waited.sum(), open_.mean()])


def _patience(s: Sample) -> list[Quantity]:
    m = s.model
    raised, gone, served, waited, still = s.first.T
    service, hours = m.service, m.service.handling_hours
    theta = hours / service.patience_hours if service.patience_hours > 0 else 0.0  # in service times
    law = (_offered(m), service.servers, theta)
    lost, waits = float(theory.erlang_a(*law)), float(theory.erlang_a_waits(*law))
    return [
        ratio("share that gives up", gone, raised, lost, bias=_one_issue(s)),
        ratio("share of the served that waited", waited, served, (waits - lost) / (1.0 - lost), bias=_one_issue(s)),
        average("issues open", still, float(theory.erlang_a_open(*law))),
    ]


def _rates(model: Any) -> theory.VoiceRates:
    v, c, w = model.market.voice, model.market.churn, model.word_of_mouth
    return theory.VoiceRates(
        hC=c.neutral,
        hA=c.advocate,
        hD=c.detractor,
        CA=v.neutral_to_advocate,
        CD=v.neutral_to_detractor,
        AC=v.advocate_to_neutral,
        DC=v.detractor_to_neutral,
        w_A=w.rate * w.advocate,
    )


def _in_voices(run: Run) -> Floats:
    """Return weeks of a customer in each voice, and the share still there."""
    n = run.scenario.model.market.initial_customers
    every, good, bad = (run.series(name, start=True) for name in ("customers", "advocates", "detractors"))
    return np.array([np.sum(every - good - bad), good.sum(), bad.sum(), every[-1]]) / n


def _weeks(s: Sample) -> list[Quantity]:
    exact = np.asarray(theory.voice_weeks(_rates(s.model), step=1))
    left = float(s.first[:, 3].mean())  # who is left has weeks to come: at most as many again as a newcomer
    return [
        average(f"weeks as {voice}", s.first[:, k], float(exact[k]), bias=left * float(exact.sum()))
        for k, voice in enumerate(("neutral", "advocate", "detractor"))
    ]


def _families(run: Run) -> Floats:
    """Return customers brought in the end and in the run, weeks of advocates, share of accounts left when fewest
    were.
    """
    m = run.scenario.model
    exact = float(theory.flywheel_reproduction(_rates(m), step=1))
    born = run.series("new_customers").sum()
    whole = born + run.series("customers")[-1] * (float(theory.referral_total(exact)) - 1.0)
    spoken = run.series("advocates", start=True)[:-1].sum()
    left = run.series("prospects").min() / m.market.accounts
    return np.array([whole, born, spoken, left])


def _reproduction(s: Sample) -> list[Quantity]:
    rates = _rates(s.model)
    exact = float(theory.flywheel_reproduction(rates, step=1))
    whole, born, spoken, left = s.first.T
    if left.min() < _LEFT:
        raise ValueError("the accounts run out before the wheel stands; set market.accounts higher")
    return [
        ratio("reproduction number R_f", whole, s.model.market.initial_customers + whole, exact, bias=0.0005),
        ratio("customers brought by an advocate in a week", born, spoken, rates.w_A),
    ]


#: Below this share of accounts to be won, a week's chances are no longer small.
_LEFT = 0.05
_STATES = ("prospects", "neutral", "advocates", "detractors", "referred")


def _states(run: Run) -> Floats:
    """Return prospects, the three voices and those won by word of mouth so far, at `_ends` of years."""
    at = _ends(run.scenario.model)
    states = {name: run.series(name)[at - 1] for name in ("prospects", "customers", "advocates", "detractors")}
    states["neutral"] = states["customers"] - states["advocates"] - states["detractors"]
    states["referred"] = np.cumsum(run.series("referred_new"))[at - 1]
    return np.concatenate([states[name] for name in _STATES])


def _ends(model: Any) -> Any:
    years = 52 * np.array([1, 2, 5, 10, 20])
    return years[years <= model.horizon_weeks]


def _path(s: Sample) -> list[Quantity]:
    at = _ends(s.model)
    exact = theory.mean_field(s.scenarios[0], step=1)
    quantities: list[Quantity] = []
    for name, values in zip(_STATES, np.split(s.first, len(_STATES), axis=1), strict=True):
        drawn = values.var(axis=0, ddof=1) / s.model.market.accounts
        line = curve(name, list(at), values, getattr(exact, name)[at], "week", bias=drawn)
        quantities += line
    return quantities


def _path_between(s: Sample) -> dict[str, tuple[Floats, Floats]]:
    exact = theory.mean_field(s.scenarios[0], step=1)
    return {name: (exact.week, getattr(exact, name)) for name in _STATES}


def _base(run: Run) -> Floats:
    return np.array([run.series("customers")[run.weeks // 2 :].mean(), run.series("new_customers").mean()])


def _little(s: Sample) -> list[Quantity]:
    m = s.model
    inflow, churn = m.market.external * m.market.accounts, m.market.churn.neutral
    stay = float(
        np.sum(theory.voice_weeks(_rates(m), step=1))
    )  # leaving and changes of voice compete for a week's draw
    exact = float(theory.little(inflow, stay))
    half = -np.expm1(-m.market.external) / m.market.external  # a hazard is a chance 1 - exp(-h) a week
    full = math.exp(-churn * m.horizon_weeks / 2)
    return [
        average("new customers a week", s.first[:, 1], inflow, bias=inflow * (1.0 - half)),
        average("customers (inflow x stay)", s.first[:, 0], exact, bias=exact * (1.0 - half + full)),
    ]


def _office(run: Run) -> Floats:
    """Return appointments seen to their lag's end, those who outlived it, share of weeks with a matured incumbent."""
    lag = run.scenario.model.leadership.lag_weeks
    tenure = run.series("leader_tenure_weeks")
    began = np.flatnonzero(tenure[: len(tenure) - lag] == 1)
    outlived = np.sum(tenure[began + lag] == lag + 1)
    return np.array([len(began), outlived, run.series("leader_matured")[520:].mean()])


def _tenure(s: Sample) -> list[Quantity]:
    x = s.model.leadership
    month = 12 / 52
    exact = theory.executive_tenure(mu=x.tenure_months, v=x.vacancy_weeks * month, L=x.lag_weeks * month, step=1)
    began, outlived = s.first[:, 0].sum(), s.first[:, 1].sum()
    p = float(exact.outlive)
    return [
        known("chance to outlive the lag", outlived / began, p, math.sqrt(p * (1 - p) / began)),
        average("share of weeks with a matured incumbent", s.first[:, 2], float(exact.matured)),
    ]


def _chased(run: Run) -> Floats:
    return np.array([run.series("score_variance")[100:].mean()])


def _tampering(s: Sample) -> list[Quantity]:
    x = s.model.reactions
    exact = float(theory.deming_variance(x.gain, x.noise_sd, delay=x.delay))
    return [average(f"variance of a chased score, gain {x.gain:g}", s.first[:, 0], exact)]


def _recovering(scenario: Scenario) -> list[Scenario]:
    same = scenario.get("service.standard_decay_weeks")
    return [scenario, scenario.with_({"service.standard_recovery_weeks": same})]


def _standard(run: Run) -> Floats:
    return np.concatenate((run.series("utilisation"), run.series("service_standard")))


def _erosion(s: Sample) -> list[Quantity]:
    quantities = []
    for scenario, values in zip(s.scenarios, s.values, strict=True):
        m = scenario.model.service
        asked, standard = np.split(values[0], 2)
        level = np.minimum(1.0, 1.0 / np.maximum(asked, 1e-12))

        def constant(weeks: float) -> float:
            """Return time constant whose exact week is the simulation's: 1 - 1/tau is kept of a distance."""
            if 0 < weeks <= 1:
                raise ValueError("a standard that moves at once has no path; set its weeks above 1, or to 0 for never")
            return math.inf if weeks == 0 else -1.0 / math.log1p(-1.0 / weeks)

        down, up = constant(m.standard_decay_weeks), constant(m.standard_recovery_weeks)
        exact = np.asarray(theory.standard_path(level, tau_down=down, tau_up=up))
        kind = "never recovering" if math.isinf(up) else "recovering"
        quantities += exactly_at((30, 46, 104, 260), f"standard, {kind}", standard, exact, 1e-9)
    return quantities


def _capability(run: Run) -> Floats:
    return np.asarray(1.0 - run.series("causes"))


def _both_sides(scenario: Scenario) -> list[Scenario]:
    """Return as set, and just above and below the tipping point."""
    c = scenario.model.causes
    tipping = float(theory.capability_trap_equilibria(c.load, c.prevention, c.fix_rate, c.growth).unstable)
    if math.isnan(tipping) or not 0.01 < tipping < 0.99:
        return [scenario]
    return [scenario, *(scenario.with_({"causes.start": 1.0 - tipping - off}) for off in (0.01, -0.01))]


_TRAPS = ("as set", "above the tipping point", "below it")


def _trap(s: Sample) -> list[Quantity]:
    quantities = []
    for name, scenario, values in zip(_TRAPS, s.scenarios, s.values, strict=False):
        c, path = scenario.model.causes, values[0]
        week = np.arange(1, path.size + 1)
        exact = np.asarray(theory.capability_path(week, 1.0 - c.start, c.load, c.prevention, c.fix_rate, c.growth))
        quantities += exactly_at((26, 104, 260, path.size), f"capability {name}", path, exact, 1e-5)
    return quantities


def _trap_path(s: Sample) -> dict[str, tuple[Floats, Floats]]:
    lines = {}
    for name, scenario in zip(_TRAPS, s.scenarios, strict=False):
        c, week = scenario.model.causes, np.arange(scenario.model.horizon_weeks + 1.0)
        y = theory.capability_path(week, 1.0 - c.start, c.load, c.prevention, c.fix_rate, c.growth)
        lines[f"capability {name}"] = (week, np.asarray(y))
    return lines


_QUEUE = (
    "service.servers", "service.handling_hours", "service.issues", "service.first_contact_resolution",
    "service.return_delay_weeks", "capacity.gross_hours", "market.accounts", "market.initial_customers",
    "horizon_weeks",
)  # fmt: skip
_GIVING_UP = (
    "service.patience_hours", "service.servers", "service.handling_hours", "service.issues", "capacity.gross_hours",
    "market.accounts", "market.initial_customers", "horizon_weeks",
)  # fmt: skip
_WHEEL = (
    "market.voice.neutral_to_advocate", "market.voice.neutral_to_detractor", "market.voice.advocate_to_neutral",
    "market.voice.detractor_to_neutral", "market.churn.neutral", "market.churn.advocate", "market.churn.detractor",
    "word_of_mouth.rate", "market.accounts", "market.initial_customers", "horizon_weeks",
)  # fmt: skip
_SCORE = ("reactions.gain", "reactions.noise_sd", "horizon_weeks")
_CAUSES = ("causes.load", "causes.prevention", "causes.fix_rate", "causes.growth", "causes.start", "horizon_weeks")

COMPANY = (
    Limit("A6", "NPS arithmetic", "a06-nps",
          ("relationship.start", "sensing.response_rate", "sensing.survey_weeks", "sensing.promoter_above",
           "sensing.detractor_below", "sensing.answer_spread", "market.accounts", "market.initial_customers",
           "horizon_weeks"), _scores, _nps, 20, 200),
    Limit("A21-wait", "Waiting for service", "a21-queue", _QUEUE, _queue_of, _queue, 24, 240,
          "one issue in all that were raised", {"horizon_weeks": 520}),
    Limit("A21-returns", "Failed fixes come back", "a21-queue", _QUEUE, _queue_of, _queue, 24, 240,
          "one issue in all that were raised",
          {"horizon_weeks": 520, "service.issues": 0.12, "service.first_contact_resolution": 0.8}),
    Limit("A21-little", "Customers are inflow times lifetime", "a23-reproduction",
          ("market.accounts", "market.external", "horizon_weeks"), _base, _little, 24, 200,
          "a hazard is a chance 1 - exp(-h) a week, and the company fills up from nobody",
          {"market.accounts": 10000, "market.initial_customers": 0, "market.external": 0.0005,
           "market.churn.neutral": 0.02, "market.churn.advocate": 0.02, "market.churn.detractor": 0.02,
           "word_of_mouth.enabled": False, "horizon_weeks": 1000}),
    Limit("A23-path", "The mean-field twin, all states at once", "a23-reproduction",
          (*_WHEEL, "market.external", "market.win_back.rate", "market.initial_advocates", "market.initial_detractors",
           "word_of_mouth.neutral", "word_of_mouth.advocate", "word_of_mouth.detractor"), _states, _path, 40, 400,
          "a market of N: a term of the order of variance / N",
          {"market.pool": "closed", "market.accounts": 4000, "market.external": 0.0006, "market.win_back.rate": 0.001,
           "market.initial_advocates": 0.3, "market.initial_detractors": 0.1, "word_of_mouth.rate": 0.012,
           "word_of_mouth.neutral": 0.1, "horizon_weeks": 520}, path=_path_between),
    Limit("A23-weeks", "Weeks in every voice", "a23-reproduction", _WHEEL, _in_voices, _weeks, 24, 240,
          "customers left at the horizon",
          {"market.accounts": 1500, "market.initial_customers": 1500, "word_of_mouth.enabled": False,
           "horizon_weeks": 4000}),
    Limit("A23-wheel", "The wheel's reproduction number", "a23-reproduction", _WHEEL, _families, _reproduction, 24, 240,
          "a weekly tick, which theory has too; R_f is a ratio of counts: .0005",
          {"market.accounts": 2500, "market.initial_customers": 500}),
    Limit("A24", "Executive tenure against the lag of the effect", "a24-tenure",
          ("leadership.tenure_months", "leadership.vacancy_weeks", "leadership.lag_weeks", "horizon_weeks"), _office,
          _tenure, 300, 3000),
    Limit("A25-half", "Tampering with a stable score", "a25-tampering", _SCORE, _chased, _tampering, 60, 600),
    Limit("A25-full", "Full reaction doubles the variance", "a25-tampering", _SCORE, _chased, _tampering, 60, 600,
          given={"reactions.gain": 1.0}),
    Limit("A25-late", "Reacting one survey late", "a25-tampering", _SCORE, _chased, _tampering, 60, 600,
          given={"reactions.delay": 1}),
    Limit("A26", "Erosion of service standards", "a26-erosion",
          ("service.standard_decay_weeks", "service.standard_recovery_weeks", "service.issues",
           "timeline.changes.rush.", "horizon_weeks"), _standard, _erosion,
          bias="the time constant of a weekly step is -1/ln(1 - 1/tau)", variants=_recovering),
    Limit("A27", "The capability trap", "a27-capability-trap", _CAUSES, _capability, _trap,
          bias="four substeps of the engine against an integrator: .00001", variants=_both_sides,
          path=_trap_path),
    Limit("A30", "Customers give up waiting", "a30-patience", _GIVING_UP, _impatience, _patience, 24, 240,
          "one issue in all that were raised", {"horizon_weeks": 520}),
)  # fmt: skip

"""Runs made up for tests of what comes after a run: plausible random walks, no engine."""

import numpy as np

from flywheel_sim.engine.arrays import RunArrays
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.columns import COL, N_COLUMNS

TEAMS = {
    "marketing": {"acquire": 1.0, "value": 0.2},
    "sales": {"acquire": 1.0},
    "service": {"ease": 0.4, "care": 1.0},
    "product": {"value": 1.0, "ease": 0.5},
    "finance": {"acquire": 0.4, "value": 0.6},
}
COMPANY = {
    "title": "Silo pay",
    "question": "Should the five teams be paid on one relationship measure?",
    "horizon_weeks": 104,
    "teams": {name: {"headcount": 6, "craft": craft, "salary": 90_000} for name, craft in TEAMS.items()},
    "segments": {"smb": {"need": {"value": 1.0, "ease": 0.8, "care": 0.6, "acquire": 0.1}}},
    "market": {"accounts": 2000, "initial_customers": 200},
    "journey": {
        "touchpoints": {
            "pitch": {"stage": "sale", "owner": "sales"},
            "help": {"stage": "service", "owner": "service"},
        }
    },
}


def company(**changes: object) -> Scenario:
    """The company above with some top-level settings replaced."""
    return load({**COMPANY, **changes})


def shared(**changes: object) -> Scenario:
    """A second company: the first with other pay."""
    other = {
        "title": "Shared relationship pay",
        "vectors": {"pay_pull": 1.0, "coupling": {"fixed": 8.0}},
        "cadence": {"enabled": True},
    }
    return load({**COMPANY, **other, **changes})


def arrays(
    scenario: Scenario, seed: int = 1, replicate: int = 0, *, better: float = 0.0, accounts: bool = True
) -> RunArrays:
    """A run of a company that loses money first and, where ``better`` > 0, less of it later."""
    weeks = scenario.model.horizon_weeks
    luck = np.random.default_rng([seed, replicate])
    t = np.arange(1, weeks + 1)
    weekly = np.zeros((weeks, N_COLUMNS))
    new = luck.poisson(2.0 + 1.5 * better * t / weeks, weeks)
    churned = luck.binomial(200, 0.004 * (1 - 0.5 * better), weeks)
    weekly[:, COL.new_customers], weekly[:, COL.churned] = new, churned
    weekly[:, COL.referred_new] = luck.binomial(new, 0.2 + 0.3 * max(better, 0.0))
    weekly[:, COL.customers] = 200 + np.cumsum(new - churned)
    weekly[:, COL.prospects] = 1800 - np.cumsum(new)
    weekly[:, COL.former] = np.cumsum(churned)
    weekly[:, COL.spend] = 380.0 * weekly[:, COL.customers]
    weekly[:, COL.churned_spend] = 380.0 * churned
    weekly[:, COL.expanded_spend] = 0.0015 * weekly[:, COL.spend]
    weekly[:, COL.revenue] = 380.0 * weekly[:, COL.customers]
    weekly[:, COL.cost_of_revenue] = 0.23 * weekly[:, COL.revenue]
    weekly[:, COL.payroll] = 52_000.0
    weekly[:, COL.acquisition_pay] = 10_000.0
    weekly[:, COL.programme_cost] = 9_000.0 * max(better, 0.0) * (t < 40)
    weekly[:, COL.profit] = (
        weekly[:, COL.revenue] - weekly[:, COL.cost_of_revenue] - weekly[:, COL.payroll] - weekly[:, COL.programme_cost]
    ) + luck.normal(0, 6_000, weeks)
    weekly[:, COL.value] = np.cumsum(weekly[:, COL.profit] * 1.1 ** (-t / 52))
    weekly[:, COL.nps_true] = 22 + 12 * better * t / weeks + luck.normal(0, 1, weeks)
    weekly[:, COL.nps_survey] = weekly[:, COL.nps_true] + 5
    weekly[:, COL.score_inflation] = 4.0
    weekly[:, COL.alignment] = 0.55 + 0.3 * max(better, 0) * (1 - np.exp(-t / 20))
    weekly[:, COL.customer_alignment] = 0.5 + 0.35 * max(better, 0) * (1 - np.exp(-t / 20))
    initial = np.zeros(N_COLUMNS)
    initial[COL.customers], initial[COL.prospects], initial[COL.nps_true] = 200, 1800, 22
    initial[COL.spend] = 380.0 * 200
    return RunArrays(
        seed=seed,
        replicate=replicate,
        weeks=weeks,
        initial=initial,
        weekly=weekly,
        teams=_teams(scenario, luck, better),
        accounts=_accounts(scenario, luck) if accounts else None,
        life=_life(weekly, 0.004 * (1 - 0.5 * better)),
        need=_need(scenario),
    )


def run(scenario: Scenario, seed: int = 1, replicate: int = 0, *, better: float = 0.0, accounts: bool = True) -> Run:
    """A made-up run."""
    return Run(scenario, arrays(scenario, seed, replicate, better=better, accounts=accounts))


def runs(count: int = 20, better: float = 0.8, seed: int = 1) -> list[list[Run]]:
    """Runs of the two companies with the same luck."""
    pairs = ((company(), 0.0), (shared(), better))
    return [[run(scenario, seed, k, better=gain, accounts=False) for k in range(count)] for scenario, gain in pairs]


def _teams(scenario: Scenario, luck: np.random.Generator, better: float) -> np.ndarray:
    model = scenario.model
    weeks = model.horizon_weeks
    need = np.array([0.1, 1.0, 0.8, 0.6])
    out = np.zeros((weeks, len(model.teams), 1 + len(model.axes)))
    for k, team in enumerate(model.teams.values()):
        craft = np.array([team.craft.get(axis, 0.0) for axis in model.axes])
        pull = max(better, 0.0) * (1 - np.exp(-np.arange(1, weeks + 1) / 20))[:, None]
        path = craft / np.linalg.norm(craft) * (1 - pull) + need / np.linalg.norm(need) * pull
        path = path + np.cumsum(luck.normal(0, 0.01, path.shape), axis=0)
        out[:, k, 0] = 0.9 + 0.1 * k
        out[:, k, 1:] = path / np.linalg.norm(path, axis=1)[:, None]
    return out


def _need(scenario: Scenario) -> np.ndarray:
    turn = np.linspace(0.0, 0.2, scenario.model.horizon_weeks)[:, None]
    need = np.array([0.1, 1.0, 0.8, 0.6]) + turn * np.array([0.0, -1.0, 0.0, 1.0])
    return np.asarray(need / np.linalg.norm(need, axis=1)[:, None])


def _accounts(scenario: Scenario, luck: np.random.Generator) -> dict[str, np.ndarray]:
    count = scenario.model.market.accounts
    spells = (luck.random(count) < 0.2).astype(np.int32)
    revenue = np.where(spells > 0, luck.gamma(2.0, 9_000, count), 0.0)
    cost = np.where(spells > 0, luck.gamma(1.5, 8_000, count), 0.0)
    return {
        "id": np.arange(count),
        "segment": np.full(count, next(iter(scenario.model.segments))),
        "state": np.where(spells > 0, "customer", "prospect"),
        "voice": np.where(spells > 0, "neutral", "none"),
        "spells": spells,
        "start_week": np.where(spells > 0, 3, -1),
        "end_week": np.full(count, -1),
        "cause": np.full(count, "none"),
        "source": np.where(spells > 0, "external", "none"),
        "referrer": np.full(count, -1),
        "first_source": np.where(spells > 0, "external", "none"),
        "first_referrer": np.full(count, -1),
        "revenue": revenue,
        "cost": cost,
        "profit": revenue - cost,
    }


def _life(weekly: np.ndarray, hazard: float) -> np.ndarray:
    """Entries, and the losses and referrals expected of them at a constant hazard."""
    weeks = len(weekly)
    won = weekly[:, COL.new_customers]
    life = np.zeros((weeks + 2, 3))
    life[0, 0] = 200 + won.sum()
    for age in range(1, weeks + 1):
        at_risk = (200 + won[: weeks - age].sum()) * (1 - hazard) ** (age - 1)
        life[age, 1:] = at_risk * np.array([hazard, 0.002])
    return life

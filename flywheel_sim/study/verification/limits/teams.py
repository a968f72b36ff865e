"""Limits of teams: pay, learning, directions, meetings, coordination, forgetting (A15, A16, A18-A20, A22, A29)."""

import math
from typing import Any

import numpy as np

from flywheel_sim import theory
from flywheel_sim.results import Run
from flywheel_sim.results.verification import Quantity
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.verification.limits.base import Floats, Limit, Sample, average, curve, exactly

__all__ = ["TEAMS"]

_BURN_IN = 40


def _effort(run: Run) -> Floats:
    """Return effort of every team, magnitude times direction, after pay has turned it."""
    last = run.arrays.teams[-1]  # type: ignore[index]
    return np.asarray((last[:, :1] * last[:, 1:]).ravel())


def _gradient(model: Any, team: str) -> tuple[Floats, float, float, str]:
    """Return the gradient of the one measure a team is paid on, its noise, the intensity and the measure's name."""
    pay = model.incentives.pay[team]
    name, weight = next(iter(pay.on.items()))
    measure = model.incentives.measures[name]
    g = np.array([measure.gradient.get(axis, 0.0) for axis in model.axes])
    return g, measure.noise, pay.intensity * weight, name


def _value(model: Any) -> Floats:
    """Return the gradient of value, f."""
    need = next(iter(model.segments.values())).need
    return np.array([need.get(axis, 0.0) for axis in model.axes])


def _baker(s: Sample) -> list[Quantity]:
    m, f, rho = s.model, _value(s.model), s.model.incentives.risk_aversion
    efforts = s.first[0].reshape(len(m.teams), len(m.axes))
    quantities = []
    for team, a in zip(m.teams, efforts, strict=True):
        g, noise, b, name = _gradient(m, team)
        size = b * float(np.linalg.norm(g)) / (1.0 + rho * noise**2 / (g @ g))
        quantities.append(exactly(f"effort of a team paid on {name}", float(np.linalg.norm(a)), size, 1e-6))
        b_star = (f @ g) / (g @ g)
        if math.isclose(b, b_star, rel_tol=1e-6):  # the best contract: what it wins of the first best
            paid = b_star / (1.0 + rho * noise**2 / (g @ g))
            won = (f @ a - a @ a / 2 - rho * paid**2 * noise**2 / 2) / (f @ f / 2)
            exact = float(theory.baker_surplus_share(f, g, rho, noise**2))
        else:
            won = (f @ a) ** 2 / ((f @ f) * (a @ a))
            exact = float(theory.baker_surplus_share(f, g))
        quantities.append(exactly(f"share of first best won by {name}", won, exact, 1e-6))
    return quantities


def _competing(scenario: Scenario) -> list[Scenario]:
    """Return the contract as set, and the best one at other costs of switching attention."""
    scenarios = [scenario]
    for c in (-0.5, 0.0, 0.5, 0.9):
        alpha = float(theory.holmstrom_milgrom([1, 1], [[1, c], [c, 1]], [1, np.inf]).alpha[0])
        scenarios.append(scenario.with_({"incentives.substitution": c, "incentives.pay.desk.intensity": alpha}))
    return scenarios


def _tasks(s: Sample) -> list[Quantity]:
    quantities = []
    for k, (scenario, values) in enumerate(zip(s.scenarios, s.values, strict=True)):
        m, mu = scenario.model, values[0]
        c = m.incentives.substitution
        cost, (g, _, b, _) = np.array([[1.0, c], [c, 1.0]]), _gradient(m, "desk")
        case = "as set" if k == 0 else f"C12 = {c:g}"
        exact = np.linalg.solve(cost, b * g)
        quantities += [exactly(f"effort in task {n + 1}, {case}", mu[n], exact[n], 1e-6) for n in range(2)]
        if k:
            best = theory.holmstrom_milgrom([1, 1], cost, [1, np.inf])
            surplus = mu.sum() - mu @ cost @ mu / 2 - b * b / 2
            quantities.append(exactly(f"surplus of the best pay, {case}", surplus, best.surplus, 1e-6))
    return quantities


def _knowledge(run: Run) -> Floats:
    return np.array([run.series("knowledge")[-1]])


def _learning(s: Sample) -> list[Quantity]:
    x = s.model.culture.learning
    periods = s.model.horizon_weeks // x.period_weeks
    runs = max(400, 2 * len(s.first))
    exact = theory.march_learning(x.from_code, x.of_code, m=x.practices, n=x.people, runs=runs, periods=periods)
    mean = average("knowledge at the end", s.first[:, 0], float(exact.mean()))
    error = float(np.hypot(mean.error, exact.std(ddof=1) / np.sqrt(exact.size)))
    return [Quantity(mean.name, mean.theory, mean.model, error, 0.0, mean.freedom)]


def _order(run: Run) -> Floats:
    r = run.series("alignment")[_BURN_IN:]
    return np.array([r.mean(), np.mean(r**2)])


def _two_steps(scenario: Scenario) -> list[Scenario]:
    """Return at the number of substeps set and at twice that, to be carried on to infinitely many."""
    return [scenario, scenario.with_({"vectors.substeps": 2 * scenario.get("vectors.substeps")})]


def _carried_on(s: Sample) -> Floats:
    """Return readings carried on to a substep of nothing: the runs of a pair are independent of other pairs."""
    return 2.0 * s.values[1] - s.values[0]


_RESIDUE = 0.003


def _gibbs(s: Sample) -> list[Quantity]:
    m, x = s.model, _carried_on(s)
    exact = theory.gibbs_order(n=len(m.teams), d=len(m.axes), kappa=m.vectors.coupling.fixed / m.vectors.diffusion)
    r, r2 = float(exact.r), float(exact.r2)
    return [
        average("order r", x[:, 0], r, bias=_RESIDUE),
        average("mean of r squared", x[:, 1], r2, bias=_RESIDUE),
    ]


def _along(run: Run) -> Floats:
    m = run.scenario.model
    k, pull = next((k, team.field) for k, team in enumerate(m.teams.values()) if team.field)
    h = np.array([pull.get(axis, 0.0) for axis in m.axes])
    u = run.arrays.teams[_BURN_IN:, k, 1:]  # type: ignore[index]
    return np.array([np.mean(u @ (h / np.linalg.norm(h)))])


def _field(s: Sample) -> list[Quantity]:
    m = s.model
    pull = next(team.field for team in m.teams.values() if team.field)
    h = math.sqrt(sum(value**2 for value in pull.values()))
    exact = float(theory.vmf_mean_cosine(len(m.axes), h / m.vectors.diffusion))
    return [average("mean cosine to the field", _carried_on(s)[:, 0], exact, bias=_RESIDUE)]


def _neighbors(run: Run) -> Floats:
    u = run.arrays.teams[_BURN_IN:, :, 1:]  # type: ignore[index]
    order = [list(run.scenario.model.teams).index(name) for name in ("marketing", "sales", "service", "product")]
    u = u[:, order]
    return np.array([np.mean(np.sum(u[:, :-k] * u[:, k:], axis=2)) for k in (1, 2, 3)])


def _chain(s: Sample) -> list[Quantity]:
    m, far = s.model, np.array([1, 2, 3])
    J = 0.5 * m.vectors.coupling.fixed / m.vectors.diffusion / len(m.teams)
    exact = np.asarray(theory.gibbs_chain_cosine(len(m.axes), J=J, k=far))
    return curve("cosine along a chain", list(far), _carried_on(s), exact, "links", bias=_RESIDUE)


_LATER = np.array([5, 10, 20, 40])


def _turned(run: Run) -> Floats:
    u = run.arrays.teams[:, :, 1]  # type: ignore[index]
    at = _LATER[run.weeks >= _LATER]
    return np.asarray(u[at - 1].mean(axis=1))


def _drift(s: Sample) -> list[Quantity]:
    m = s.model
    at = _LATER[m.horizon_weeks >= _LATER]
    exact = np.asarray(theory.rotational_cosine(at, m.vectors.diffusion, len(m.axes)))
    return curve("cosine to the start", list(at), s.first, exact, "week", bias=0.001)


def _drift_path(s: Sample) -> dict[str, tuple[Floats, Floats]]:
    m = s.model
    weeks = np.arange(m.horizon_weeks + 1.0)
    return {
        "cosine to the start": (weeks, np.asarray(theory.rotational_cosine(weeks, m.vectors.diffusion, len(m.axes))))
    }


def _saw_tooth(run: Run) -> Floats:
    interval = run.scenario.model.cadence.interval_weeks
    u = run.arrays.teams[20:, :, 1:]  # type: ignore[index]
    mean = u.mean(axis=1, keepdims=True)
    mean /= np.linalg.norm(mean, axis=2, keepdims=True)
    side = mean[..., 0] * u[..., 1] - mean[..., 1] * u[..., 0]
    variance = np.mean(np.arctan2(side, np.sum(u * mean, axis=2)) ** 2, axis=1)
    week = np.arange(21, 21 + len(variance))
    return np.array(
        [variance.mean(), variance[week % interval == 0].mean(), variance[week % interval == interval - 1].mean()]
    )


def _cadence(s: Sample) -> list[Quantity]:
    m = s.model
    every, pull, n = m.cadence.interval_weeks, m.cadence.pull, len(m.teams)
    step = 2.0 * m.vectors.diffusion
    exact = theory.cadence_variance(n, every, pull, math.sqrt(step))
    small = float(exact.pre)  # the linear law leaves out terms of this relative size

    def one(name: str, k: int, value: float) -> Quantity:
        return average(name, s.first[:, k], value, bias=small * value + 1e-12)

    quantities = [one("variance over all weeks", 0, float(exact.mean)), one("after a meeting", 1, float(exact.post))]
    if every > 1:
        quantities.append(one("a week before the next", 2, float(exact.pre) - step * (1 - 1 / n)))
    return quantities


def _sizes(scenario: Scenario) -> list[Scenario]:
    return [scenario, *(scenario.with_({"teams.crew.headcount": n}) for n in (1, 5, 11, 15, 21))]


def _output(run: Run) -> Floats:
    return np.array([run.series("net_force")[0]])


def _brooks(s: Sample) -> list[Quantity]:
    quantities = []
    for scenario, values in zip(s.scenarios, s.values, strict=True):
        heads, c = scenario.model.teams["crew"].headcount, scenario.model.capacity
        exact = max(float(theory.brooks_output(heads, c=c.pair_hours / c.gross_hours)), 0.0)
        quantities.append(
            exactly(f"net output of {heads:g} heads", values[0, 0], exact, line="net output", x=float(heads))
        )
    return quantities


def _brooks_path(s: Sample) -> dict[str, tuple[Floats, Floats]]:
    c, most = s.model.capacity, max(scenario.model.teams["crew"].headcount for scenario in s.scenarios)
    heads = np.linspace(0.0, most, 200)
    return {"net output": (heads, np.maximum(theory.brooks_output(heads, c=c.pair_hours / c.gross_hours), 0.0))}


def _stock(run: Run) -> Floats:
    return np.asarray(run.series("culture")[51::52])


def _forgetting(s: Sample) -> list[Quantity]:
    c = s.model.culture
    kept, added = c.retention_month ** (12 / 52), c.effort_month * 12 / 52
    weeks = 52 * np.arange(1, s.first.shape[1] + 1)
    exact = np.minimum(np.asarray(theory.knowledge_stock(weeks, kept, added, c.start)), 1.0)
    return [
        exactly(f"left after {week // 52} years", value, float(want), 1e-9, line="left", x=float(week))
        for week, value, want in zip(weeks, s.first[0], exact, strict=True)
    ]


_COUPLED = ("vectors.coupling.fixed", "vectors.diffusion", "vectors.substeps", "axes", "horizon_weeks")
_FAST = {"vectors.diffusion": 1.0, "vectors.substeps": 20}
_CARRIED = "two substeps carried on to none; what is left is below .003"
_CRAFTS = {
    f"teams.{name}.{what}": value
    for name in ("marketing", "sales", "service", "product")
    for what, value in (("start", "craft"), ("craft", {"acquire": 1}))
}
_SHIFTS = {"marketing": -6, "sales": -2, "service": 2, "product": 6}

TEAMS = (
    Limit("A15", "Pay for one of two tasks", "a15-tasks",
          ("incentives.substitution", "incentives.pay.desk.intensity"),
          _effort, _tasks, variants=_competing, teams=True),
    Limit("A16", "Measures at an angle to value", "a16-baker",
          ("incentives.risk_aversion", "incentives.measures.", "incentives.pay.", "horizon_weeks"), _effort, _baker,
          teams=True),
    Limit("A18", "Mutual learning", "a18-learning",
          ("culture.learning.from_code", "culture.learning.of_code", "culture.learning.people",
           "culture.learning.practices", "horizon_weeks"), _knowledge, _learning, 100, 1000,
          "theory is a simulation of its own: 400 runs or twice the model's, their error included"),
    Limit("A19-order", "Order among coupled teams", "a19-gibbs", _COUPLED, _order, _gibbs, 48, 480, _CARRIED,
          {**_FAST, "vectors.coupling.fixed": 3.0}, _two_steps),
    Limit("A19-field", "One team in a field", "a19-gibbs", (*_COUPLED, "teams.marketing.field."), _along, _field, 60,
          600, _CARRIED, {**_FAST, "vectors.coupling.fixed": 0.0, "teams.marketing.field": {"acquire": 2.0}},
          _two_steps, teams=True),
    Limit("A19-chain", "A chain of teams whose hours barely meet", "a19-gibbs", _COUPLED, _neighbors, _chain, 60, 600,
          _CARRIED, {**_FAST, "vectors.coupling.fixed": 16.0,
                     **{f"teams.{name}.utc_offset": at for name, at in _SHIFTS.items()}}, _two_steps, teams=True),
    Limit("A19-drift", "Free drift", "a19-gibbs", ("vectors.diffusion", "vectors.substeps", "horizon_weeks"), _turned,
          _drift, 1000, 10000, "substeps of D/4: .001",
          {"vectors.coupling.fixed": 0.0, "vectors.diffusion": 0.02, "horizon_weeks": 40, **_CRAFTS}, teams=True,
          path=_drift_path),
    Limit("A20", "The saw-tooth of a meeting rhythm", "a20-cadence",
          ("cadence.interval_weeks", "cadence.pull", "vectors.diffusion", "horizon_weeks"), _saw_tooth, _cadence, 60,
          600, "the law is linear in small angles: a relative error of the variance before a meeting", teams=True),
    Limit("A22", "Channels grow faster than heads", "a22-brooks",
          ("capacity.pair_hours", "capacity.gross_hours", "teams.crew.headcount"), _output, _brooks, variants=_sizes,
          path=_brooks_path),
    Limit("A29", "Organisational forgetting", "a29-forgetting",
          ("culture.retention_month", "culture.effort_month", "culture.start", "horizon_weeks"), _stock, _forgetting),
)  # fmt: skip

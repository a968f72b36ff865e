"""Put companies of the model on trial before the facts: run the arms that are asked for, measure, judge."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flywheel_sim.execute.stages import Stage, staged
from flywheel_sim.results.facts import Fact, Facts
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import absent, whole
from flywheel_sim.scenario.errors import Problem
from flywheel_sim.study.facts.estimators import jackknife
from flywheel_sim.study.facts.following import NoInterface
from flywheel_sim.study.facts.measures import MEASURES, STAGES, Arms, arms_of
from flywheel_sim.study.facts.prior import drawn
from flywheel_sim.study.facts.table import COMPANIES, Part, arm, fact_table
from flywheel_sim.study.facts.table import Fact as Declared
from flywheel_sim.study.lent import lent

__all__ = ["DRAWN_RUNS", "DRAWS", "RUNS", "chosen", "facts"]

#: Runs of every arm, companies drawn from the prior, and runs of every arm in each of these.
RUNS, DRAWS, DRAWN_RUNS = 16, 10, 4
#: The sign of a value is believed from so many standard errors on.
_SURE = 2.0

Progress = Callable[[int, int, str], None]


def facts(
    names: Iterable[str] = (),
    *,
    companies: Iterable[str] = (),
    draws: int = DRAWS,
    changes: Mapping[str, Any] | None = None,
    seed: int = 1,
    replicates: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Facts:
    """Measure facts known of the world in companies of the model.

    Parameters
    ----------
    names : iterable of str
        Marks such as ``"S16"``; all facts without any.
    companies : iterable of str
        Out of `table.COMPANIES`; all of them without any.
    draws : int
        Companies drawn from the prior in which the validating facts are tried; 0 = none.
    changes : mapping, optional
        Dotted path -> value, set in every arm.
    seed, workers
        As for `flywheel_sim.batch`.
    replicates : int, optional
        Runs of every arm; `RUNS` if absent.
    progress : callable, optional
        Called as ``progress(arms done, arms in all, note)``.

    Returns
    -------
    Facts

    Raises
    ------
    ScenarioError
        When there is no such fact or company, a change is refused, or there are fewer than two runs.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> (fact,) = fs.facts(["S26"], draws=0, replicates=2).facts
    >>> fact.company, fact.part, fact.verdict
    ('b2c-subscription', 'involuntary', 'agrees')
    """
    replicates = whole("replicates", RUNS if replicates is None else replicates, 2)
    draws, seed = whole("draws", draws), whole("seed", seed)
    begun = time.perf_counter()
    listed, places = chosen(names, companies)
    here = {place: [fact for fact in listed if place in fact.companies] for place in places}
    bases = {place: load(place).with_({**(changes or {}), "horizon_weeks": STAGES[-1]}) for place in places}
    tried = {place: [f for f in own if f.role == "validates" and f.parts] for place, own in here.items()}
    steps = sum(len(_arms(own, place)) + draws * len(_arms(tried[place], place)) for place, own in here.items())
    done = 0

    def step(note: str) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, steps, note)

    runner = _Runner(replicates, seed, workers, step)
    judged: list[Fact] = []
    for place, own in here.items():
        rates = runner.pass_rates(bases[place], place, tried[place], draws if tried[place] else 0)
        arms = runner.run(bases[place], _arms(own, place), place)
        for fact in own:
            judged += _measured(fact, place, arms, rates.get(fact.mark, float("nan")))
    return Facts(
        facts=tuple(judged),
        replicates=replicates,
        draws=draws,
        seed=seed,
        hashes={place: load(place).hash for place in places},
        seconds=time.perf_counter() - begun,
    )


@dataclass(frozen=True)
class _Runner:
    """How arms are run, and who is told of it."""

    replicates: int
    seed: int
    workers: int | None
    step: Callable[[str], None]

    def run(self, base: Scenario, names: Iterable[str], note: str, replicates: int | None = None) -> Arms:
        """Run the arms of a company."""
        stages: dict[str, list[list[Stage]]] = {}
        for name in names:
            scenario = lent(arm(base, name))
            weeks = STAGES if name == "base" else (scenario.model.horizon_weeks,)
            (stages[name],) = staged(
                [scenario],
                weeks,
                _same,
                replicates=replicates or self.replicates,
                seed=self.seed,
                workers=self.workers,
            )
            self.step(f"{note}, {name}")
        return Arms(stages)

    def pass_rates(self, base: Scenario, place: str, tried: list[Declared], draws: int) -> dict[str, float]:
        """Return the share of companies drawn from the prior in which each fact agrees."""
        passed: dict[str, list[bool]] = {fact.mark: [] for fact in tried}
        for k in range(draws):
            few = min(DRAWN_RUNS, self.replicates)
            arms = self.run(drawn(base, k, self.seed), _arms(tried, place), f"{place}, draw {k + 1}", few)
            for fact in tried:
                passed[fact.mark].append(all(one.verdict == "agrees" for one in _measured(fact, place, arms)))
        return {mark: sum(verdicts) / draws for mark, verdicts in passed.items()} if draws else {}


def _same(stage: Stage) -> Stage:
    return stage


def chosen(names: Iterable[str] = (), companies: Iterable[str] = ()) -> tuple[list[Declared], list[str]]:
    """Return the facts and companies asked for; all of them without a name.

    Raises
    ------
    ScenarioError
        Naming everything that is no fact or no company, with the nearest name.
    """
    table, asked, places = fact_table(), [name.upper() for name in names], list(companies)
    problems = absent("fact", asked, table) + absent("company to look for facts in", places, COMPANIES)
    listed = [fact for mark, fact in table.items() if not asked or mark in asked]
    places = [company for company in COMPANIES if not places or company in places]
    if not problems and not any(company in fact.companies for fact in listed for company in places):
        where = ", ".join(dict.fromkeys(company for fact in listed for company in fact.companies))
        problems.append(
            Problem(None, None, None, "", f"none of these facts is looked for there; expected {where}", None)
        )
    if problems:
        raise ScenarioError(problems)
    return listed, places


def _arms(listed: Iterable[Declared], company: str) -> list[str]:
    parts = [part for fact in listed for part in fact.parts if company in part.companies]
    return sorted(set().union(*(arms_of(part.arguments) for part in parts))) if parts else []


def _measured(fact: Declared, company: str, arms: Arms, pass_rate: float = float("nan")) -> list[Fact]:
    nan = float("nan")
    empty = Fact(
        mark=fact.mark,
        part="",
        company=company,
        role=fact.role,
        value=nan,
        error=nan,
        low=nan,
        high=nan,
        unit="",
        verdict="no interface",
        says=fact.no_interface,
        pass_rate=pass_rate,
    )
    judged = [] if fact.parts else [empty]
    for part in fact.parts:
        if company not in part.companies:
            continue
        one = replace(empty, part=part.name, low=part.low, high=part.high, unit=part.unit, sign=part.sign)
        try:
            value, error = _value(part, arms)
        except NoInterface as reason:
            judged.append(replace(one, says=str(reason)))
            continue
        if np.isfinite(value):
            judged.append(replace(one, value=value, error=error, verdict=verdict(part, value, error)))
        else:
            judged.append(replace(one, says="nothing of the kind happened in these runs"))
    return judged


def _value(part: Part, arms: Arms) -> tuple[float, float]:
    with np.errstate(divide="ignore", invalid="ignore"):
        rows, of = MEASURES[part.measure](arms, **part.arguments)
        kept = rows[np.isfinite(rows).all(axis=1)]
        return jackknife(kept, of) if len(kept) else (float("nan"), float("nan"))


def verdict(part: Part, value: float, error: float) -> str:
    """Judge a value: by its band, and where only the sign was published by its distance from the bound as well.

    Examples
    --------
    >>> part = Part(name="x", measure="total", low=0.0, unit="", sign=True)
    >>> verdict(part, 0.3, 0.1), verdict(part, 0.1, 0.1), verdict(part, -0.3, 0.1)
    ('agrees', 'fails', 'fails')
    """
    slack = _SURE * error if part.sign else 0.0
    return "agrees" if part.low + slack <= value <= part.high - slack else "fails"

"""Pull one lever of a whole company at a time and look at what comes of it.

Parts that are right do not make a company: every mechanism can be proved and the whole still reward what nobody would
do.  So every mechanism is on, one lever moves over a wide range, one run of ten years is read at the end of years 1, 5
and 10, and each curve is held to the shape that anybody of the trade would expect (`flywheel_sim.study.responses.table`
and `flywheel_sim.study.responses.shapes`).  Run k has the same luck at every point.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.stages import Stage, staged
from flywheel_sim.results.intervals import mean_interval
from flywheel_sim.results.responses import CurvePoint, Response, Responses
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.arguments import absent, whole
from flywheel_sim.scenario.errors import Problem
from flywheel_sim.study.responses.shapes import judge
from flywheel_sim.study.responses.table import COMPANIES, Expectation, Lever, points, response_table

__all__ = ["OUTCOMES", "RUNS", "Outcome", "chosen", "responses"]

#: Paired runs at every point: in full, and quick.
RUNS = {"full": 20, "quick": 6}
_YEAR = 52

Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]


class Outcome(NamedTuple):
    """What is read of a run at the end of a year: unit, meaning, and how."""

    unit: str
    meaning: str
    read: Callable[[Stage], float]


def responses(
    names: Iterable[str] = (),
    *,
    companies: Iterable[str] = (),
    quick: bool = False,
    changes: Mapping[str, Any] | None = None,
    seed: int = 1,
    replicates: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Responses:
    """Pull levers one at a time and judge the curves.

    Parameters
    ----------
    names : iterable of str
        Levers, such as ``"service-heads"``; all of them without any.
    companies : iterable of str
        Out of `response_table.COMPANIES`, all of which are taken without any.
    quick : bool
        6 runs at every point instead of 20.
    changes : mapping, optional
        Dotted path -> value, set at every point.
    seed, workers
        As for `flywheel_sim.batch`.
    replicates : int, optional
        Paired runs at every point.
    progress : callable, optional
        Called as ``progress(run-weeks done, run-weeks in all, lever)``.

    Returns
    -------
    Responses

    Raises
    ------
    ScenarioError
        When there is no such lever or company, a change is refused, or there are fewer than two runs.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> responses = fs.responses(["programme-cost"], companies=["b2b-two-teams"], replicates=2)
    >>> [(curve.outcome, curve.year, curve.verdict) for curve in responses.curves][0]
    ('value', 1, 'holds')
    """
    seed = whole("seed", seed)
    replicates = RUNS["quick" if quick else "full"] if replicates is None else whole("replicates", replicates)
    if replicates < 2:
        raise ScenarioError.single(f"a curve needs at least 2 runs at every point, got {replicates}")
    begun = time.perf_counter()
    levers, places = chosen(names, companies)
    jobs = [(lever, company) for lever in levers for company in lever.paths if company in places]
    years = {lever.name: tuple(sorted({y for e in lever.expect for y in e.years})) for lever in levers}
    ready = [(lever, company, *points(lever, company, _shape(changes, years[lever.name]))) for lever, company in jobs]
    total = sum(replicates * len(made) * _YEAR * years[lever.name][-1] for lever, _, made, _ in ready)
    done = 0
    curves: list[Response] = []
    for lever, company, made, own in ready:
        read_at = years[lever.name]
        wanted = tuple(dict.fromkeys(e.outcome for e in lever.expect if company in e.companies))

        def read(stage: Stage, wanted: tuple[str, ...] = wanted) -> dict[str, float]:
            return {name: OUTCOMES[name].read(stage) for name in wanted}

        def step(part: int, _: int, done: int = done, note: str = f"{lever.name}, {company}") -> None:
            if progress:
                progress(done + part, total, note)

        readings = staged(
            [point.scenario for point in made],
            [_YEAR * year for year in read_at],
            read,
            replicates=replicates,
            seed=seed,
            workers=workers,
            progress=step,
        )
        done += replicates * len(made) * _YEAR * read_at[-1]
        x = np.array([point.x for point in made])
        for expected in lever.expect:
            if company in expected.companies:
                for year in expected.years:
                    at = read_at.index(year)
                    runs = np.array([[run[at][expected.outcome] for run in point] for point in readings])
                    curves.append(_curve(lever, company, expected, year, x, runs, own))
    return Responses(
        curves=tuple(curves),
        replicates=replicates,
        seed=seed,
        hashes={company: load(company).hash for company in sorted({company for _, company in jobs})},
        seconds=time.perf_counter() - begun,
    )


def chosen(names: Iterable[str] = (), companies: Iterable[str] = ()) -> tuple[list[Lever], list[str]]:
    """Return the levers and companies asked for; all of them without a name.

    Raises
    ------
    ScenarioError
        Naming everything that is no lever or no company, with the nearest name.
    """
    table, asked, places = response_table(), list(names), list(companies)
    problems = absent("lever", asked, table) + absent("company to pull levers in", places, COMPANIES)
    levers = [lever for name, lever in table.items() if not asked or name in asked]
    places = [company for company in COMPANIES if company in (places or COMPANIES)]
    if not problems and not any(company in lever.paths for lever in levers for company in places):
        where = ", ".join(dict.fromkeys(company for lever in levers for company in lever.paths))
        problems.append(Problem(None, None, None, "", f"none of these levers is pulled there; expected {where}", None))
    if problems:
        raise ScenarioError(problems)
    return levers, places


def _shape(changes: Mapping[str, Any] | None, years: tuple[int, ...]) -> dict[str, Any]:
    return {**(changes or {}), "horizon_weeks": _YEAR * max(years)}


def _curve(lever: Lever, company: str, expected: Expectation, year: int, x: Floats, runs: Floats, own: int) -> Response:
    kept = x >= expected.start
    band = expected.inside
    if band is not None and lever.multiples:
        band = (band[0] * x[own], band[1] * x[own])
    first = int(np.argmax(kept))
    verdict, says = judge(expected.shape, x[kept], runs[kept], max(own - first, 0), inside=band, factor=expected.factor)
    shape = expected.shape
    if expected.shape == "bounded":
        shape = f"at most {expected.factor:g} times the base"
    elif band is not None:
        shape = f"{expected.shape} between {band[0]:.3g} and {band[1]:.3g}"
    outcome = OUTCOMES[expected.outcome]
    return Response(
        name=lever.name,
        title=lever.title,
        company=company,
        lever=lever.paths[company],
        outcome=expected.outcome,
        unit=outcome.unit,
        meaning=outcome.meaning,
        year=year,
        expected=shape,
        why=lever.why,
        verdict=verdict,
        says=says,
        own=float(x[own]),
        points=tuple(map(_point, x, runs)),
        excused=expected.excused,
    )


def _point(x: float, values: Floats) -> CurvePoint:
    there = values[np.isfinite(values)]
    if not len(there):
        return CurvePoint(float(x), float("nan"), float("nan"), float("nan"))
    low, high = mean_interval(there)
    return CurvePoint(float(x), float(there.mean()), low, high)


def _last_year(column: str) -> Callable[[Stage], float]:
    return lambda stage: float(stage.run.series(column)[-_YEAR:].mean())


def _so_far(column: str) -> Callable[[Stage], float]:
    return lambda stage: float(stage.run.series(column).sum())


def _lost(stage: Stage) -> float:
    """Return the share of the customers at the start that has left at least once."""
    accounts = stage.run.accounts
    assert accounts is not None
    began = int(stage.began.sum())
    if not began:
        return float("nan")
    stayed = stage.began & (accounts["state"] == "customer") & (accounts["spells"] == 1)
    return 1.0 - float(stayed.sum()) / began


def _nps(stage: Stage) -> float:
    """Return the net promoter score over the customers at the start, leavers by their last relationship.

    Of them alone, because a lever also moves who is won: with nobody in support nobody goes live, and with a few many
    do who come to no good end.
    """
    sensing = stage.run.scenario.model.sensing
    relationship = stage.relationship[stage.began].astype(np.float64)
    if not len(relationship):
        return float("nan")
    promoter = 1.0 / (1.0 + np.exp((sensing.promoter_above - relationship) / sensing.answer_spread))
    detractor = 1.0 / (1.0 + np.exp((relationship - sensing.detractor_below) / sensing.answer_spread))
    return float(100.0 * (promoter - np.minimum(detractor, 1.0 - promoter)).mean())


def _ratio(above: str, below: str) -> Callable[[Stage], float]:
    def read(stage: Stage) -> float:
        bottom = float(stage.run.series(below)[-_YEAR:].sum())
        return float(stage.run.series(above)[-_YEAR:].sum()) / bottom if bottom else float("nan")

    return read


#: Name -> what is read.
OUTCOMES: Mapping[str, Outcome] = {
    "value": Outcome("$", "cash flow so far, discounted to week 0", lambda s: float(s.run.series("value")[-1])),
    "churn": Outcome("share", "customers of week 0 who have left since, win-backs counted as lost", _lost),
    "nps": Outcome("points", "net promoter score of the customers of week 0, leavers at their last", _nps),
    "wins": Outcome("customers", "customers won so far", _so_far("new_customers")),
    "wait": Outcome("weeks", "expected wait of an issue, mean of the last year", _last_year("wait_weeks")),
    "relationship": Outcome("share", "mean relationship, last year", _last_year("relationship")),
    "quality": Outcome("share", "product quality, last year", _last_year("product_quality")),
    "alignment": Outcome("0..1", "how much the teams agree, last year", _last_year("alignment")),
    "customer-alignment": Outcome(
        "-1..1", "how far the teams' joint direction is what customers need, last year",
        _last_year("customer_alignment"),
    ),
    "friction": Outcome("friction", "mean friction over handoffs, last year", _last_year("friction")),
    "inflation": Outcome("points", "what gaming adds to the surveyed score, last year", _last_year("score_inflation")),
    "referral-share": Outcome(
        "share", "share of the customers won in the last year who came by word of mouth",
        _ratio("referred_new", "new_customers"),
    ),
    "containment": Outcome(
        "share", "contacts solved by self-service, of all contacts of the last year",
        _ratio("contained", "contacts"),
    ),
    "survey-bias": Outcome(
        "points", "surveyed less true net promoter score, last year",
        lambda s: float((s.run.series("nps_survey") - s.run.series("nps_true"))[-_YEAR:].mean()),
    ),
}  # fmt: skip

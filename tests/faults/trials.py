"""Try faults in a copy of the sources: run by run.py in that copy, never by hand.

    python -m tests.faults.trials FAULTS.json

The engine is compiled once; every fault then gets a process of its own, forked from this one.  A trial first asks
whether the replica notices that the fault is there at all, and whether replica and engine still agree to the bit, so
that it is in both.  Then it runs the suspects, then every other check, until one fails.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

HERE = Path(__file__).resolve().parent
CHECKS = HERE / "checks.yaml"
TESTS = HERE.parent
#: A trial that takes longer than this many seconds is ended, and has caught nothing.
LONGEST = 3000
SMALL = {"market.accounts": 90, "market.initial_customers": 45, "horizon_weeks": 28, "ledger.can_fail": False}
#: Companies in one of which every fault must show: name, changes, seed; the replicate is the place in the list, from 1.
COMPANIES: list[tuple[str, dict[str, Any], int]] = [
    ("everything-on", SMALL | {"contracts.involuntary": 0.1, "market.voice.effort_effect": 3.0, "horizon_weeks": 60,
                               "sensing.survey_lag_weeks": 2, "vectors.growth_effect": 2.0}, 7),
    ("everything-on", SMALL | {
        "contracts.kind": "non-contractual", "service.event_timed": True, "service.issues": 0.6,
        "market.network.kind": "watts-strogatz", "word_of_mouth.normalise": "per_prospect", "word_of_mouth.rate": 0.2,
        "cadence.review_weeks": 4, "reactions.noise": "given",
        "timeline.enabled": True, "timeline.customers": {"gift": {"week": 5, "add": 7}, "loss": {"week": 9, "add": -8}},
    }, 3),
    ("everything-on", SMALL | {"contracts.kind": "monthly", "service.issues": 1.5, "handoffs.enabled": False,
                               "culture.enabled": False, "culture.start": 0.1, "market.network.kind": "complete",
                               "word_of_mouth.rate": 0.2, "word_of_mouth.talk_spread": 0.0}, 5),
    ("b2c-subscription", SMALL | {"contracts.enabled": False, "market.churn.by": "voice", "word_of_mouth.rate": 0.3},
     2),
    ("relationship-flywheel", SMALL | {"horizon_weeks": 40, "market.network.kind": "ring"}, 9),
    ("relationship-flywheel", SMALL | {
        "horizon_weeks": 60, "vectors.coupling": {"fixed": 0.1, "gain": 0.5, "half_hours": 0.3, "memory_weeks": 26.0},
        "decisions.together": {"all": {"hours": 6.0}}, "handoffs.hours": 0.4, "cadence.hours_scale": 1.0,
        "cadence.relay_hours": 0.4, "cadence.relay_scale": 1.0, "sensing.need_reversion": 0.02,
        "sensing.exploration": 0.5, "market.external": 0.05,
        "timeline.enabled": True,
        "timeline.changes": {"stop": {"from_week": 45, "set": {"capacity.staffing": False,
                                                               "decisions.together.all.hours": 0.0}}},
    }, 4),
    ("everything-on", SMALL | {
        "relationship.law": "asset", "relationship.forgiveness": 0.6, "relationship.annoyance": 0.3,
        "relationship.contacts_wanted": 0.1, "relationship.market_norm": 0.8, "service.issue_spread": 1.5,
        "channels.offered": 0.5,
        "service.product_work": 1.0, "word_of_mouth.normalise": "per_friend", "word_of_mouth.talk_spread": 1.2,
        "word_of_mouth.rate": 0.2, "market.network.kind": "configuration",
    }, 11),
    ("everything-on", SMALL | {
        "service.patience_weeks": 2.0, "service.open_effort": 0.4, "service.open_weight": 0.3, "service.issues": 1.0,
        "teams.service.headcount": 0.0, "capacity.fewest_heads": 0.0,
        "capacity.shortness": 2.0, "teams.product.standing_hours": 400.0, "teams.people.headcount": 0.0,
    }, 13),
    ("b2b-saas", SMALL | {
        "horizon_weeks": 60, "market.external": 0.02, "teams.sales.headcount": 0.3, "market.funnel.order": "newest",
        "market.funnel.lapse": 0.3, "market.funnel.rest_weeks": 4, "contracts.window_effect": "timing",
        "contracts.follow_up": 3, "market.accounts": 200, "journey.touchpoints.account-review.hours": 0.1,
        "timeline.enabled": True,
        "timeline.changes": {"hire": {"from_week": 20, "set": {"teams.sales.headcount": 1.2}}},
    }, 8),
    ("b2b-saas", SMALL | {
        "market.at_rest": True, "sensing.response_bond": 0.6, "sensing.survey_weeks": 4, "market.accounts": 200,
        "market.external": 0.02, "contracts.window_effect": "timing", "contracts.agreed_loss": 0.05,
    }, 15),
    ("everything-on", SMALL | {
        "horizon_weeks": 95, "contracts.kind": "monthly", "market.external": 0.2, "market.churn.mean": 0.02,
        "contracts.window_weeks": 52,
        "selling.accelerator": 2.0, "selling.discount": 0.3, "market.price_rise": 0.2, "market.pricing.law": "felt",
        "market.funnel.qualify": 1, "market.funnel.propose": 1, "market.funnel.close": 0.5,
        "market.pricing.rise_elasticity": 8.0, "market.pricing.applies": "existing", "timeline.enabled": True,
        "timeline.changes": {"dearer": {"from_week": 12, "set": {"market.price": 1.5}}},
    }, 4),
    ("b2c-subscription", SMALL | {
        "horizon_weeks": 75, "contracts.enabled": False, "market.churn.mean": 0.4, "market.churn.period_weeks": 26,
        "market.price_rise": 0.4, "market.pricing.law": "felt", "market.pricing.rise_elasticity": 8.0,
        "market.external": 0.03,
    }, 6),
    ("b2b-saas", SMALL | {
        "horizon_weeks": 60, "ledger.can_fail": True, "ledger.credit_limit": 0.5, "ledger.interest": 0.3,
        "ledger.severance_weeks": 8.0,
    }, 12),
    ("b2b-saas", SMALL | {"market.promotion": 1.6, "market.fit_mean": 0.5, "teams.marketing.headcount": 0.4,
                          "journey.touchpoints.help.base_success": 0.6}, 14),
]  # fmt: skip


def replica_weeks(scenario: Any, seed: int, replicate: int) -> Any:
    """Weekly columns of the replica, or what it ended with."""
    import replica

    try:
        return replica.run(scenario, seed, replicate)
    except (ArithmeticError, ValueError, IndexError) as error:
        return f"{type(error).__name__}"


def digest(weeks: Any) -> str:
    """Hash of weekly columns."""
    return hashlib.sha256(weeks.tobytes() if isinstance(weeks, np.ndarray) else str(weeks).encode()).hexdigest()


def companies() -> list[tuple[Any, int, int]]:
    """Scenarios in which a fault is looked for, each with its seed and replicate."""
    from flywheel_sim.scenario import load

    return [(load(name).with_(changes), seed, n) for n, (name, changes, seed) in enumerate(COMPANIES, 1)]


def present(right: list[str]) -> dict[str, Any]:
    """Return the company in which the fault in force first shows in the replica, and whether the engine agrees."""
    from flywheel_sim.engine.run import Simulation

    for n, ((scenario, seed, replicate), before) in enumerate(zip(companies(), right, strict=True), 1):
        weeks = replica_weeks(scenario, seed, replicate)
        if digest(weeks) == before:
            continue
        simulation = Simulation([scenario.model], [(0, seed, replicate)], keep_teams=False)
        simulation.advance()
        engine = simulation.arrays(0).weekly
        return {"shows_in": n, "agrees": isinstance(weeks, np.ndarray) and np.array_equal(engine, weeks)}
    return {"shows_in": 0, "agrees": False}


class Kinds:
    """Which kind of check a test is."""

    def __init__(self) -> None:
        self.rules: dict[str, list[str]] = YAML(typ="safe").load(CHECKS.read_text("utf-8"))

    def of(self, item: Any) -> str | None:
        """Kind of a collected test; None if it does not count."""
        name, function = item.nodeid.removeprefix("tests/"), item.name.partition("[")[0]
        if name.startswith("faults/"):
            return None
        for by_name in (True, False):
            for kind, rules in self.rules.items():
                for rule in rules:
                    if rule[0] == "@":
                        fits = not by_name and rule[1:] in getattr(item, "fixturenames", ())
                    elif rule[0] == "~":
                        fits = not by_name and name.startswith("mechanisms/") and bool(re.search(rule[1:], function))
                    else:
                        fits = by_name and name.startswith(rule)
                    if fits:
                        return kind
        return None

    def files(self) -> list[str]:
        """Files in which checks stand."""
        named = {rule.partition("::")[0] for rules in self.rules.values() for rule in rules if rule[0] not in "@~"}
        return [f"tests/{name}" for name in sorted({*named, "mechanisms"}) if (TESTS / name).exists()]


class Watch:
    """A plugin of pytest: leaves out what does not count, puts cheap kinds first, and notes the first that fails."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds, self.kind = kinds, dict[str, str]()
        self.caught: str | None = None
        self.why, self.passed = "", 0

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        order = list(self.kinds.rules)
        known = [(self.kinds.of(item), item) for item in items]
        counted = sorted(((kind, item) for kind, item in known if kind), key=lambda pair: order.index(pair[0]))
        self.kind = {item.nodeid: kind for kind, item in counted}
        items[:] = [item for _, item in counted]

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and self.caught is None:
            self.caught = report.nodeid
            lines = [line for line in str(report.longrepr).splitlines() if line.startswith("E ")]
            self.why = (lines or [""])[0].removeprefix("E").strip()[:200]
        self.passed += report.when == "call" and report.passed


def look(targets: list[str], stop: bool) -> Watch:
    """Run checks until one fails."""
    watch = Watch(Kinds())
    options = ["-q", "-p", "no:cacheprovider", "--no-header", "--tb=short", *(["-x"] if stop else [])]
    code = pytest.main([*options, *targets], plugins=[watch])
    if code not in (0, 1, 5):
        raise RuntimeError(f"pytest ended with {code} on {targets}")
    return watch


def trial(fault: dict[str, Any], right: list[str], rest: bool) -> dict[str, Any]:
    """One fault from its presence to its catch."""
    begun = time.perf_counter()
    found: dict[str, Any] = {
        "fault": fault["name"],
        "text": fault["text"],
        **(present(right) if right and fault["number"] else {}),
    }
    suspects = [f"tests/{name}" for name in fault["suspects"]]
    passed, watch = 0, look(suspects, True) if suspects else None
    if rest and (watch is None or watch.caught is None):
        passed = watch.passed if watch else 0
        watch = look(Kinds().files(), True)
    assert watch is not None
    found |= {"kind": watch.kind.get(watch.caught or ""), "caught_by": watch.caught, "why": watch.why}
    return found | {"passed": passed + watch.passed, "seconds": round(time.perf_counter() - begun)}


def in_a_process(fault: dict[str, Any], right: list[str], rest: bool, log: Path) -> dict[str, Any]:
    """Run a trial in a forked process; what it prints goes to a file."""
    out = log.with_suffix(".json")
    out.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        code = 1
        with log.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            try:
                if fault["number"]:
                    from flywheel_sim.fault_number import FAULT  # type: ignore[import-not-found]

                    FAULT[0] = fault["number"]
                out.write_text(json.dumps(trial(fault, right, rest)))
                code = 0
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            os._exit(code)
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.2)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if out.exists():
        return dict(json.loads(out.read_text()))
    return {"fault": fault["name"], "text": fault["text"], "error": f"see {log}"}


def main() -> None:
    """Compile, then try one fault after the other."""
    from flywheel_sim.execute.run import batch

    told = json.loads(Path(sys.argv[1]).read_text())
    begun = time.perf_counter()
    batch([company for company, *_ in companies()], replicates=1, workers=1)
    print(f"compiled in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    right = [digest(replica_weeks(*company)) for company in companies()] if told["by_number"] else []
    results = Path(told["results"])
    for n, fault in enumerate(told["faults"], 1):
        found = in_a_process(fault, right, told["rest"], Path(told["logs"]) / f"{fault['name']}.log")
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(found | {"engine": told["engine"], "on": told["on"]}) + "\n")
        caught = found.get("error") or found["caught_by"] or "NOT CAUGHT"
        print(
            f"{n}/{len(told['faults'])} {fault['name']}: {caught} ({found.get('seconds', '?')} s)",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    main()

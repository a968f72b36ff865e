"""Make ``docs/verification.md`` again from limits and recorded faults: ``python docs/make_verification.py``.

What was measured comes from ``docs/measured``, where ``python docs/make_verification.py --measure`` puts it: the answer
of ``flywheel verify --full --json`` as it is, and what pairing is worth.  A test compares the page with what this
program makes, so that it cannot drift from what is run.
"""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from flywheel_sim.study.verification.limits import LIMITS, THEORY_ONLY
from flywheel_sim.study.verification.limits.base import Limit
from flywheel_sim.study.verification.verify import FALSE_ALARM
from flywheel_sim.theory import ANCHORS

TARGET = Path(__file__).resolve().parent / "verification.md"
MEASURED = TARGET.parent / "measured"

TOP = """# Verification

Does the engine compute what the equations say? `flywheel verify` answers it: every closed form A1-A30 has a
configuration in which the simulation must *be* that closed form. It is run and compared, or the reason stands here why
it is theory only. This page is made by `docs/make_verification.py` from the limits that are run.

```
flywheel verify                                  # every limit, a minute or two on two cores
flywheel verify --full --report verify.html      # ten times the runs, and a page of pictures
flywheel verify A21 --set service.servers=12     # one closed form at other parameters; theory follows
```

## How a limit is judged

- A limit is a scenario anybody can run (`scenarios/limits`), what is read off each run, and a closed form whose
  parameters are read back from the scenario that was run. So `--set` moves theory and simulation together. What
  theory does not follow is refused rather than compared with the wrong number.
- With luck in it, a quantity has z = max(|model - theory| - bias, 0) / SE. SE comes from theory where theory has it
  (normal law), else from the spread over runs (Student's t). *Bias* is the stated difference of discretisation; for
  most limits it is none, because theory is taken at the weekly tick too.
- Without luck a quantity has a tolerance, mostly a rounding error.
- Holm's step-down procedure over all quantities with luck keeps the chance that *anything* fails while the engine is
  right at {rate:g} % or less, whatever the dependence between them. With the same seed the answer is always the same;
  another `--seed` is another test.
- `detects` is the smallest deviation that would be found with 90 % power if it were the only one, at the threshold of
  the whole suite; `--full` prints it, `--json` and the page of pictures always have it.

## What else holds the engine

| question | where |
|---|---|
| Limits at other parameters, and what a number cannot say | `tests/limits` calls the same limits |
| Is the law of a mechanism right, and exactly off when it is off? | `tests/mechanisms` |
| Does a plain-Python replica make the same week, to the bit? | `tests/replica` |
| Is luck uniform, independent, and never used twice? | `tests/engine/test_random.py`, `tests/engine/test_luck.py` |
| Same bits by threads, slices, steps, batches, processes, saving, forking? | `tests/engine/test_determinism.py` |
| Does a change reach back, or beyond those it touches? | `tests/engine/test_causality.py` |
| Are customers, money and issues conserved? | `tests/engine/test_conservation.py` |
| Does every claim vanish where it must, and how large is it? | [claims](claims.md), `flywheel claims`, `tests/claims` |
| Would any of this notice a wrong equation? | [deliberate faults](#deliberate-faults), `tests/faults` |
| Is an old result still the same? | `flywheel reproduce RESULT`: a run, comparison, sweep or search |
| Did a shipped scenario change in silence? | `flywheel reproduce baseline`; only `--update` writes it |
| What is this, and what hangs on it? | `flywheel explain A19` |
| Is whatever is typed, opened or damaged read or refused? | [mutated input](#mutated-input), `tests/fuzz` |
"""

FAULTS = """
## Deliberate faults

Engine and replica were written from one description, so a misreading shared by both would leave them equal. {count}
faults of this kind are therefore put into *both*, one at a time, and what then fails is looked at. It has to be a
limit, a law of conservation, a metamorphic relation (the same company in other words) or a neutral setting: equality
with the replica, frozen numbers and tests that hold a law's numbers against the same law by hand do not count
(`tests/faults/checks.yaml` lists what does). Before anything else a trial makes sure that the fault shows in the
replica, and that both still agree to the bit, so that it is in both. Without a fault the checks pass, as they do in
the ordinary suite; {control} of them were also run in the engine that holds all faults, with none chosen.

    python -m tests.faults.run                    what has no result yet; about a minute a fault on two cores
    python -m tests.faults.run noise-without-two  one of them again
    python docs/make_verification.py              this table again

All faults are compiled into one engine, each behind a number; `--apart` compiles an engine for every fault instead. A
fault's suspects are tried first, then everything else that counts.

**Caught: {caught} of {count}.** On their first trial, by the checks that were expected to notice before any was made,
{first} of {count} were. The others got through those, and have been answered with checks that notice, most of them new:
{late}. The results belong to the engine {engines}; a fault's text stands in its sources still.

| fault | in | what is wrong | caught by | kind |
|---|---|---|---|---|
"""


def faults() -> str:
    """The section of deliberate faults, from the recorded trials."""
    if str(TARGET.parents[1]) not in sys.path:
        sys.path.append(str(TARGET.parents[1]))
    run = importlib.import_module("tests.faults.run")
    listed, last, lines = run.read_faults(), run.last_trials(), run.lines_of()
    first = run.first_trials()
    late = [name for name, line in first.items() if not line.get("caught_by")]
    control = run.control_of(lines)
    table = [
        f"| {fault.name} | {fault.mechanism} | {fault.what} | {_check(last[fault.name])} | {last[fault.name]['kind']} |"
        for fault in listed
        if fault.name in last
    ]
    return FAULTS.format(
        count=len(listed),
        caught=sum(bool(line.get("caught_by")) for line in last.values()),
        first=sum(bool(line.get("caught_by")) for line in first.values()),
        late=", ".join(late) or "none",
        control=control["passed"],
        engines=" and ".join(sorted({str(line["engine"]) for line in last.values()})),
    ) + "\n".join(table)


PRODUCT = """
## Mutated input

Scenarios, studies, saved results, links and command lines are changed at random, a kind in turn, and read in one
process as the command line and the app read them. What is sound stays so, everything else must be refused: exit 0, 1 or
2, never 70, no answer of 500 and more, no traceback on standard error, and no more than 10 seconds of work. `--real`
makes the same share of every kind as a user does: as commands in processes of their own, links asked of an app that is
served.

    python tests/fuzz/mutate.py --count 20000 --real 500             all, in an hour or so
    python tests/fuzz/mutate.py --count 2000 --real 50 --first 2000  the second tenth of it
    python tests/fuzz/mutate.py --count 1 --first 1249 --show        one again, with what was tried

A trial is drawn from `--seed`, its kind and its number, so a run can be cut into pieces and a fault made again; with
`--only links` all are of one kind. The suite makes forty trials of each kind (`fuzz/test_mutated.py`); what a run has
found is a test where it was mended.

## Faults of the product

What is told, kept, drawn and refused has had faults, too. {count} of them, of {kinds} kinds, are kept as small edits
(`tests/faults/product.yaml`), each with the tests that must fail while it is in force and pass without it. Every kind
has at least two members, so that the tests hold the kind and not one example of it. Putting them all back takes some
ten minutes:

    python -m tests.faults.product                what has no result yet
    python -m tests.faults.product comma-dropped  one of them again; a number takes a whole kind

| | kind | faults put back, and noticed | by |
|---|---|---|---|
"""


def product_faults() -> str:
    """The section of faults of the product, kind by kind."""
    product = importlib.import_module("tests.faults.product")
    listed, caught = product.read_product_faults(), {line["text"]: line["caught_by"] for line in product.results()}
    kinds: dict[Any, list[Any]] = {}
    for fault in listed:
        kinds.setdefault(fault.kind, []).append(fault)
    rows = []
    for kind, some in kinds.items():
        seen = [fault.name for fault in some if set(caught.get(fault.text, ())) == set(fault.tests)]
        files = dict.fromkeys(test.removeprefix("tests/").partition("::")[0] for one in some for test in one.tests)
        names = ", ".join(f"`{name}`" for name in files)
        rows.append(f"| {kind.number} | {kind.what} | {', '.join(seen)}: {len(seen)} of {len(some)} | {names} |")
    return PRODUCT.format(count=len(listed), kinds=len(kinds)) + "\n".join(rows)


def _check(line: dict[str, Any]) -> str:
    path, _, test = str(line.get("caught_by") or "nothing").partition("::")
    return f"`{path.removeprefix('tests/')}` {test.removeprefix('test_')}".strip()


def answer(name: str) -> dict[str, Any]:
    """A measurement as it was written."""
    return dict(json.loads((MEASURED / f"{name}.json").read_text("utf-8")))


def share(value: float) -> str:
    """A share in per cent, two digits."""
    return f"{100 * value:.2g} %"


def said() -> list[str]:
    """What the suite said when it was run last, a line a limit."""
    whole = answer("verify")
    data, hashes = whole["data"], whole["manifest"]["hashes"]
    lines = [
        "## What it said",
        "",
        f"`flywheel verify --{data['mode']} --seed {whole['manifest']['seeds']['seed']}`, engine `{hashes['engine']}`: "
        f"{data['sentence']} {data['power']}",
        "",
        "Distance from theory in standard errors beyond the stated bias; luck is shared between limits, so that they "
        "move together. `detects` as a share of theory, smallest and largest of the limit's quantities.",
        "",
        "| limit | runs | quantities | largest distance | detects | |",
        "|---|---|---|---|---|---|",
    ]
    for key in dict.fromkeys(one["limit"] for one in data["checks"]):
        rows = [one for one in data["checks"] if one["limit"] == key]
        luck = [one for one in rows if not one["exact"]]
        seen = [one["detects"] / abs(one["theory"]) for one in luck if one["theory"]]
        far = f"{max(abs(one['z']) for one in luck):.2f}" if luck else "exact"
        told = f"{share(min(seen))} to {share(max(seen))}" if len(seen) > 1 else share(seen[0]) if seen else ""
        verdict = "ok" if all(one["passed"] for one in rows) else "**differs**"
        lines.append(f"| {key} | {rows[0]['replicates']} | {len(rows)} | {far} | {told} | {verdict} |")
    return [*lines, ""]


def end(pair: dict[str, Any]) -> str:
    """The ratio of a pair, and whose it is."""
    return f"{pair['ratio']:.1f} (`{pair['a']}`, `{pair['b']}`)"


def pairing() -> list[str]:
    """What common random numbers are worth, between schemes and near a company."""
    found = answer("luck")
    pairs, near = found["pairs"], found["near"]
    above = sum(one["ratio"] >= 3 for one in pairs)
    lines = [
        "## What common luck is worth",
        "",
        "Variance of a difference in value with independent seeds over that with common luck: how many times more runs "
        f"independent seeds would need. `flywheel bench` gives the medians; here {found['replicates']} replicates of "
        f"seed {found['seed']} (`experiments/benchmarks/common_random_numbers.py`).",
        "",
        f"- **Schemes**: median **{found['ratio']:.1f}** over all {len(pairs)} pairs of shipped schemes on `b2b-saas`, "
        f"{end(pairs[0])} to {end(pairs[-1])}; {above} of them 3 or more. The bar is a median of 3, the aim 10.",
        f"- **Near**: median **{found['ratio_near']:.0f}** over {len(near)} parameters moved by a tenth; the bar is "
        "15, the aim 50.",
        "",
        "| moved by a tenth | times | | moved by a tenth | times |",
        "|---|---|---|---|---|",
    ]
    cells = [f"`{path}` | {'no luck left' if value is None else f'{value:.3g}'}" for path, value in near.items()]
    half = (len(cells) + 1) // 2
    rows = zip(cells[:half], [*cells[half:], " | "][:half], strict=True)
    return [*lines, *(f"| {a} | | {b} |" for a, b in rows), "", LOST, ""]


LOST = """What is lost was looked for by switching mechanisms off one at a time (`changes` of `common_luck`, 24
replicates). It is lost to *talk*: another customer in one place brings other customers in other places. Without word
of mouth more marketing gains 42 instead of 9, a group of teams against silos 4 instead of 2. And to *waiting for
sales*: a lead that is served in another week meets another week's budget window. Without capacity more marketing gains
88, without contracts 58. Without the drift of teams a group against silos gains 3.5: a coupling changes what the same
drift does. No draw is keyed by a slot or a count that shifts. The sale's draws are keyed by the week in which a lead is
served, which does shift; keying them by the week in which it came has not been tried."""


def row(limit: Limit) -> str:
    """One limit in the table."""
    runs = f"{limit.quick}, {limit.full}" if limit.quick > 1 else "1, exact"
    free = ", ".join(f"`{path}*`" if path.endswith(".") else f"`{path}`" for path in limit.free)
    scenario = f"`limits/{limit.scenario}`"
    return f"| {limit.key} | {limit.title} | {scenario} | {runs} | {free} | {limit.bias or 'none'} |"


def page() -> str:
    """The whole page."""
    lines = [TOP.format(rate=100 * FALSE_ALARM)]
    for name, section in (("verify", said), ("luck", pairing)):
        if (MEASURED / f"{name}.json").exists():
            lines += section()
    lines += ["## The limits", ""]
    lines.append("| limit | what | scenario | runs, quick and full | theory follows | allowed for |")
    lines.append("|---|---|---|---|---|---|")
    lines += [row(limit) for limit in LIMITS.values()]
    lines += ["", "## Theory only", "", "| | closed form | why |", "|---|---|---|"]
    only = sorted(THEORY_ONLY, key=lambda name: int(name[1:]))
    lines += [f"| {name} | {ANCHORS[name].title} | {THEORY_ONLY[name]} |" for name in only]
    return "\n".join(lines) + "\n" + faults() + "\n" + product_faults() + "\n"


def measure() -> None:
    """Run the suite in full and every pair of schemes; an hour or more on two cores, most of it A1, A2 and A10."""
    from flywheel_sim.study.benchmarks import benchmark

    words = [sys.executable, "-m", "flywheel_sim", "verify", "--full", "--json"]
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True)
    (MEASURED / "verify.json").write_text(done.stdout, encoding="utf-8")
    luck = json.dumps(benchmark("common_random_numbers").common_luck().to_dict(), indent=1)
    (MEASURED / "luck.json").write_text(luck + "\n", encoding="utf-8")


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        measure()
    TARGET.write_text(page(), encoding="utf-8")

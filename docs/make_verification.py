"""Make ``docs/verification.md`` again from the limits: ``python docs/make_verification.py``.

A test compares the page with what this program makes, so that it cannot drift from what is run.
"""

from pathlib import Path

from flywheel_sim.study.limits import LIMITS, THEORY_ONLY
from flywheel_sim.study.limits.base import Limit
from flywheel_sim.study.verify import FALSE_ALARM
from flywheel_sim.theory import ANCHORS

TARGET = Path(__file__).resolve().parent / "verification.md"

TOP = """# Verification

Does the engine compute what the equations say? `flywheel verify` answers it: every closed form A1-A29 has a
configuration in which the simulation must *be* that closed form. It is run and compared, or the reason stands here why
it is theory only. This page is made by `docs/make_verification.py` from the limits that are run.

```
flywheel verify                                  every limit, a minute or two on two cores
flywheel verify --full --report verify.html      ten times the runs, and a page of pictures
flywheel verify A21 --set service.servers=12     one closed form at other parameters; theory follows
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
| Does a plain-Python twin make the same week, to the bit? | `tests/reference` |
| Is luck uniform, independent, and never used twice? | `tests/engine/test_random.py`, `tests/engine/test_luck.py` |
| Same bits by threads, slices, steps, batches, processes, saving, forking? | `tests/engine/test_determinism.py` |
| Does a change reach back, or beyond those it touches? | `tests/engine/test_causality.py` |
| Are customers, money and issues conserved? | `tests/engine/test_conservation.py` |
| Does every claim vanish where it must? | [claims](claims.md), `tests/claims` |
| Is an old result still the same? | `flywheel reproduce RESULT` |
| Did a shipped scenario change in silence? | `flywheel reproduce baseline`; only `--update` writes it |
| What is this, and what hangs on it? | `flywheel explain A19` |

## The limits
"""


def row(limit: Limit) -> str:
    """One limit in the table."""
    runs = f"{limit.quick}, {limit.full}" if limit.quick > 1 else "1, exact"
    free = ", ".join(f"`{path}*`" if path.endswith(".") else f"`{path}`" for path in limit.free)
    scenario = f"`limits/{limit.scenario}`"
    return f"| {limit.key} | {limit.title} | {scenario} | {runs} | {free} | {limit.bias or 'none'} |"


def page() -> str:
    """The whole page."""
    lines = [TOP.format(rate=100 * FALSE_ALARM)]
    lines.append("| limit | what | scenario | runs, quick and full | theory follows | allowed for |")
    lines.append("|---|---|---|---|---|---|")
    lines += [row(limit) for limit in LIMITS.values()]
    lines += ["", "## Theory only", "", "| | closed form | why |", "|---|---|---|"]
    only = sorted(THEORY_ONLY, key=lambda name: int(name[1:]))
    lines += [f"| {name} | {ANCHORS[name].title} | {THEORY_ONLY[name]} |" for name in only]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")

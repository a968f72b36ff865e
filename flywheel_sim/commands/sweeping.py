"""What sweep, resume and status share: where to run, progress, and what they print."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.envelope import Answer, say, table
from flywheel_sim.commands.progress import progress

if TYPE_CHECKING:
    from flywheel_sim.execute.store import Standing, Store
    from flywheel_sim.study.sweep import Sweep

__all__ = ["ON", "ON_ERROR", "answer", "reasons", "retrying", "standing"]

#: ``--on ADDR``.
ON = click.option(
    "--on", default=None, metavar="ADDR",
    help="threads (default), processes, a Dask scheduler such as tcp://host:8786, or a scheduler file.",
)  # fmt: skip
#: ``--on-error continue|stop``.
ON_ERROR = click.option(
    "--on-error", type=click.Choice(["continue", "stop"]), default="continue", show_default=True,
    help="What to do when a run fails; it is a row with its error either way.",
)  # fmt: skip
_MOST = 5


@contextmanager
def standing(what: str) -> "Iterator[Callable[[Standing], None] | None]":
    """Progress in runs, with failures."""
    with progress(what) as report:
        if report is None:
            yield None
            return
        told = False

        def step(now: "Standing") -> None:
            nonlocal told
            if now.stopping and not told:
                told = True
                say("finishing what is running, then saving; once more to drop it")
            report(now.done, now.total, f"{now.failed} failed" if now.failed else "", now.seconds_left)

        yield step


def reasons(errors: dict[str, int]) -> list[str]:
    """Why runs failed, a line each."""
    lines = [f"  {count} x {text}" for text, count in list(errors.items())[:_MOST]]
    return [*lines, f"  and {len(errors) - _MOST} other reasons"] if len(errors) > _MOST else lines


def retrying(store: "Store") -> str:
    """How to make failed runs again."""
    from flywheel_sim.execute.drive import resume_command

    return f"once the cause is mended, make them again with: {resume_command(store)} --retry-failed"


def answer(found: "Sweep") -> Answer:
    """What a sweep comes to."""
    data = found.to_dict()
    head = f"{data['title']}: {data['done']} of {data['runs']} runs, {data['points']} points, {data['failed']} failed"
    names = ("n", "mean", "sd", "least", "median", "greatest")
    rows = [(name, *(_number(values[key]) for key in names)) for name, values in data["outcomes"].items()]
    lines = [head, *reasons(data["errors"])]
    if data["failed"]:
        lines.append(retrying(found.store))
    if found.stopped:
        lines.append(f"stopped: {found.stopped}")
    lines += ["", table(("outcome", *names), rows), "", f"the runs are in {data['folder']}"]
    experiment = found.store.experiment
    hashes = {name: scenario.hash for name, scenario in experiment.scenarios.items()}
    made = {**found.store.code, "runs": data["hash"]}
    manifest: dict[str, Any] = {"seeds": {"seed": experiment.seed}, "hashes": {**hashes, **made}}
    return Answer(data, "\n".join(lines), manifest, failed=bool(data["failed"] or found.stopped))


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"

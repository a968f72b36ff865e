"""What commands on studies share: what they are asked for, where to run, progress, and what they print."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from flywheel_sim.commands.command_output import Answer, say, table
from flywheel_sim.commands.progress import progress
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.execute.store import Standing, Store
    from flywheel_sim.study.design.study import Study
    from flywheel_sim.study.design.sweep import Sweep

__all__ = ["CHOSEN", "ON", "ON_ERROR", "STUDY", "Asked", "answer", "asking", "reasons", "retrying", "standing"]

#: ``STUDY``.
STUDY = click.argument("study", metavar="STUDY")
#: Common options of a command that runs a study, for `flywheel_sim.commands.command_output.answers`.
CHOSEN = ("set", "seed", "replicates", "workers", "out")
#: ``--on ADDR``.
ON = click.option(
    "--on",
    default=None,
    metavar="ADDR",
    help="threads (default), processes, a Dask scheduler such as tcp://host:8786, or a scheduler file.",
)
#: ``--on-error continue|stop``.
ON_ERROR = click.option(
    "--on-error",
    type=click.Choice(["continue", "stop"]),
    default="continue",
    show_default=True,
    help="What to do when a run fails; it is a row with its error either way.",
)
_MOST = 5


@dataclass(frozen=True)
class Asked:
    """A study and what was said about running it.

    Parameters
    ----------
    study : str
        A study file, a shipped name, or a folder of runs.
    on : str, optional
    changes : dict
        Path -> value.
    seed, replicates : int, optional
        None where the study says it.
    workers : int, optional
    out : Path, optional
        Folder for the runs; None for the usual one.
    """

    study: str
    on: str | None
    changes: dict[str, Any]
    seed: int | None
    replicates: int | None
    workers: int | None
    out: Path | None

    def ran(self, *others: bool) -> bool:
        """Tell whether the runs are there already: then there is nothing to say about them, nor to ask of
        ``others``.
        """
        if not (Path(self.study) / "study.json").is_file():
            return False
        if self.changes or self.seed is not None or self.replicates is not None or any(others):
            raise click.UsageError(f"'{self.study}' has been run; options that say how it is run come too late")
        return True

    def read(self) -> "Study":
        """Return the study, with what was said instead of what it says."""
        from flywheel_sim.study.design.study_file import read_study
        from flywheel_sim.study.design.unit_mismatch import study_warnings

        ready = read_study(self.study, self.changes, replicates=self.replicates, seed=self.seed)
        for warning in study_warnings(ready):
            say(f"note: {warning}")
        return ready

    @contextmanager
    def running(
        self, ready: "Study", usual: Path, go_on: str = "{resume}"
    ) -> "Iterator[tuple[Path, Callable[[Standing], None] | None]]":
        """Yield the folder for the runs and a progress callback; refuse a folder with runs in it."""
        from flywheel_sim.results.saving import vacant

        folder, title = self.out or usual, ready.file.title or ready.name
        if (folder / "study.json").exists():
            from flywheel_sim.study.same_study import differences

            if other := differences(folder, ready):
                elsewhere = command("flywheel", *_typed(), "--out", Path(f"{usual}-2"))
                raise click.UsageError(
                    f"'{folder}' holds runs of another study, or of this one before it was edited (not the same: "
                    f"{', '.join(other[:_MOST])}); run it elsewhere: {elsewhere}"
                )
            told = {"resume": command("flywheel", "resume", folder), "folder": command(folder)}
            raise click.UsageError(f"'{folder}' holds runs already; go on with them: {go_on.format(**told)}")
        vacant(folder)
        say(f"{title}: runs go to {folder}")
        with standing(title) as step:
            yield folder, step


def _typed() -> list[str]:
    """Return the words of this command as they were typed, without the place of its result."""
    context = click.get_current_context(silent=True)
    words = list((context.find_root().meta if context else {}).get("flywheel.words", ()))
    for k, word in enumerate(words):
        if word == "--out":
            return words[:k] + words[k + 2 :]
        if word.startswith("--out="):
            return words[:k] + words[k + 1 :]
    return words


def asking(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Hand a command what it was `Asked` instead of eight arguments."""

    @functools.wraps(function)
    def command(*, seed: int, **given: Any) -> Answer:
        said = click.get_current_context().get_parameter_source("seed") is not ParameterSource.DEFAULT
        names = ("study", "on", "changes", "replicates", "workers", "out")
        return function(Asked(seed=seed if said else None, **{name: given.pop(name) for name in names}), **given)

    return command


@contextmanager
def standing(what: str) -> "Iterator[Callable[[Standing], None] | None]":
    """Show progress in runs, with failures."""
    with progress(what) as report:
        if report is None:
            yield None
            return
        told = False

        def step(now: "Standing") -> None:
            nonlocal told
            if now.stopping and not told:
                told = True
                say("stopping: what ends within a third of a second is kept; once more to drop it")
            report(now.done, now.total, f"{now.failed} failed" if now.failed else "", now.seconds_left)

        yield step


def reasons(errors: dict[str, int]) -> list[str]:
    """Tell why runs failed, a line each."""
    lines = [f"  {count} x {text}" for text, count in list(errors.items())[:_MOST]]
    return [*lines, f"  and {len(errors) - _MOST} other reasons"] if len(errors) > _MOST else lines


def retrying(store: "Store") -> str:
    """Tell how to make failed runs again."""
    from flywheel_sim.execute.drive import resume_command

    return f"once the cause is fixed, make them again with: {resume_command(store)} --retry-failed"


def answer(sweep: "Sweep") -> Answer:
    """Return the answer of a sweep command."""
    from flywheel_sim.study.sensitivity.analysis import DESIGNS

    data = sweep.to_dict()
    head = f"{data['title']}: {data['done']} of {data['runs']} runs, {data['points']} points, {data['failed']} failed"
    names = ("n", "mean", "sd", "least", "median", "greatest")
    rows = [(name, *(_number(values[key]) for key in names)) for name, values in data["outcomes"].items()]
    lines = [head, *reasons(data["errors"])]
    if data["failed"]:
        lines.append(retrying(sweep.store))
    if sweep.stopped:
        lines.append(f"stopped: {sweep.stopped}")
    lines += ["", table(("outcome", *names), rows), "", f"the runs are in {data['folder']}"]
    experiment = sweep.store.experiment
    if experiment.about.get("design", {}).get("kind") in DESIGNS:
        lines.append(f"what matters most: {command('flywheel', 'sensitivity', Path(data['folder']))}")
    hashes = {name: scenario.hash for name, scenario in experiment.scenarios.items()}
    code = {**sweep.store.code, "runs": data["hash"]}
    manifest: dict[str, Any] = {"seeds": {"seed": experiment.seed}, "hashes": {**hashes, **code}}
    return Answer(data, "\n".join(lines), manifest, failed=bool(data["failed"] or sweep.stopped))


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"

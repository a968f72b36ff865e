"""``flywheel status``: how far a sweep is."""

import json
from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers
from flywheel_sim.commands.study_options import reasons, retrying
from flywheel_sim.typed import command

__all__ = ["status"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@answers("status")
def status(folder: Path) -> Answer:
    """Show how far a sweep, search, fit or worlds are, which runs failed, and who is at work on it; change nothing."""
    from flywheel_sim.commands.known import ABOUT as KNOWN
    from flywheel_sim.study.calibration.fit_log import ABOUT, BEST, so_far
    from flywheel_sim.study.worlds.unfinished import ABOUT as WORLDS
    from flywheel_sim.study.worlds.unfinished import asked_of

    if (folder / ABOUT).is_file():
        fit = so_far(folder)
        text = (
            f"{folder}: {fit['sets']} parameter sets, cost of the best so far {fit['cost']:.4g}; it is in "
            f"{folder / BEST}\ngo on with: {command('flywheel', 'resume', folder)}"
        )
        return Answer({"folder": str(folder), **fit}, text)
    if (folder / KNOWN).is_file():
        sets = len(json.loads((folder / KNOWN).read_text("utf-8"))["seen"])
        again = command("flywheel", "resume", folder)
        return Answer({"folder": str(folder), "rounds": sets}, f"{folder}: {sets} rounds done\ngo on with: {again}")
    if (folder / WORLDS).is_file():
        asked, again = asked_of(folder), command("flywheel", "resume", folder)
        parts = len([*(folder / "parts").glob("*.npy")])
        text = f"{folder}: {asked['draws']} worlds of {asked['company']}, {parts} parts made\ngo on with: {again}"
        return Answer({"folder": str(folder), "parts": parts, **asked}, text)
    from flywheel_sim.execute.drive import resume_command
    from flywheel_sim.execute.store import Store
    from flywheel_sim.execute.versions import unlike

    store = Store.open(folder)
    now, errors, writer = store.standing(), store.errors(), store.writer()
    data: dict[str, Any] = {
        "folder": str(folder), "title": store.experiment.about.get("title", ""), "runs": now.total, "done": now.done,
        "failed": now.failed, "errors": errors, "broken": store.broken, "writer": writer,
        "same_code": not (other := unlike(store.code)), "code": store.code,
    }  # fmt: skip
    lines = [f"{data['title'] or folder}: {now.done} of {now.total} runs done, {now.failed} failed", *reasons(errors)]
    if now.failed:
        lines.append(retrying(store))
    if store.broken:
        lines.append(f"damaged parts, whose runs will be made again: {', '.join(store.broken)}")
    if writer:
        lines.append(f"{writer} is at work on it")
    elif now.left:
        lines.append(f"nobody is at work on it; go on with: {resume_command(store)}")
    if other:
        lines.append(f"made by other code: {other}")
    return Answer(data, "\n".join(lines), {"hashes": {"engine": store.code["engine"]}})

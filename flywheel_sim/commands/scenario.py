"""``flywheel scenario``: list, show, new, validate, diff, freeze, schema."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say, table
from flywheel_sim.commands.lazy import Found, command_or_nearest
from flywheel_sim.commands.run_options import names
from flywheel_sim.files import write_text
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["scenario"]

#: Kinds of shipped scenarios.
KINDS = ["company", "scheme", "programme", "part", "example", "limit", "teaching"]
#: Fields that say nothing of the company, and the most letters of a value in a table.
_WORDS, _WIDE = ("title", "question", "description", "frozen", "version"), 60


class _Group(click.Group):
    def resolve_command(self, ctx: click.Context, args: list[str]) -> Found:
        return command_or_nearest(self, super().resolve_command, ctx, args)


@click.group(cls=_Group)
def scenario() -> None:
    """List, show, write and check scenarios.

    SCENARIO is the name of a shipped scenario or the path of a YAML file, and plans laid over it: mine+churn-pay,
    mine+churn-pay:front+flywheel-group.
    """


@scenario.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only these.")
@answers("scenario.list")
def list_(kind: str | None) -> Answer:
    """List the scenarios that come with the package."""
    from flywheel_sim.scenario import scenarios
    from flywheel_sim.scenario.library import composed_of

    entries = {name: entry for name, entry in scenarios().items() if kind in (None, entry.kind)}
    composed = {name: composed_of(entry.path) for name, entry in entries.items()}
    rows = [(name, entry.kind, entry.title, " + ".join(composed[name])) for name, entry in entries.items()]
    data = [
        {"name": n, "title": e.title, "kind": e.kind, "path": str(e.path), "composed_of": list(composed[n])}
        for n, e in entries.items()
    ]
    plans = "schemes, programmes, parts and examples can be laid over any company"
    more = f"\n{plans}: flywheel compare mine mine+churn-pay"
    return Answer({"scenarios": data}, table(("name", "kind", "title", "composed of"), rows) + more)


@scenario.command()
@click.argument("spec", metavar="SCENARIO", shell_complete=names)
@click.option("--full", is_flag=True, help="Everything the files say, the parents' included, as one YAML file.")
@click.option("--resolved", is_flag=True, help="The same with every default.")
@answers("scenario.show", "set")
def show(spec: str, full: bool, resolved: bool, changes: dict[str, Any]) -> Answer:
    """Show what a scenario changes against the one it extends, with units.

    A company that extends none is shown against the defaults of the schema.
    """
    from flywheel_sim.scenario.writing import to_yaml

    shown = _load(spec, changes)
    about = {"name": shown.name, "title": shown.title, "files": list(shown.files), "hash": shown.hash}
    if full or resolved:
        values = shown.resolved() if resolved else shown.source
        return Answer({**about, "resolved" if resolved else "source": values}, to_yaml(values), _manifest(shown))
    from flywheel_sim.scenario import load

    parent = "" if shown.below.startswith("library/") else shown.below
    before = load(parent).resolved() if parent else _defaults(shown)
    rows = [row for row in _differing(shown, before, shown.resolved()) if row[0].partition(".")[0] not in _WORDS]
    keys = ("path", "before", "value", "unit", "what")
    data = [dict(zip(keys, row, strict=True)) for row in rows]
    against = parent or "the defaults"
    lines = [(path, _cell(old), _cell(new), unit, what) for path, old, new, unit, what in rows]
    head = [shown.title, *([shown.model.description] if shown.model.description else []), ""]
    text = table(("changes", against, shown.label, "unit", "what it is"), lines) if lines else f"nothing but {against}"
    more = f"\neverything it says: {command('flywheel', 'scenario', 'show', spec, '--full')}"
    answer = {**about, "against": against, "changes": data}
    return Answer(answer, "\n".join([*head, text, more]), _manifest(shown))


@scenario.command()
@click.argument("specs", metavar="SCENARIO...", nargs=-1, required=True, shell_complete=names)
@answers("scenario.validate", "set")
def validate(specs: tuple[str, ...], changes: dict[str, Any]) -> Answer:
    """Check scenarios; every mistake with its file, line and column, and exit 2 when there is one.

    Numbers far from the trade's, or from those of the company that a file changes, are questioned; that is no mistake.
    """
    from flywheel_sim.scenario import Problem, ScenarioError
    from flywheel_sim.scenario.idle import sentences
    from flywheel_sim.scenario.plausible import questions

    fine: list[Scenario] = []
    asked: dict[str, list[str]] = {}
    problems: dict[Problem, None] = {}
    for spec in specs:
        try:
            fine.append(_load(spec, changes))
            for said in sentences(fine[-1:]):
                say(f"note: {said}")
            asked[spec] = [str(one) for one in questions(fine[-1])]
            for said in asked[spec]:
                say(f"warning: {said}")
        except ScenarioError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise ScenarioError(problems)
    from flywheel_sim.results.borrowed import borrowed

    words = {"edited": "ok, but edited since it was frozen: flywheel scenario freeze puts its references right"}
    data, lines = [], []
    for spec, one in zip(specs, fine, strict=True):
        frozen, lent = _frozen(one), None
        if frozen != "edited":
            lent = borrowed(one)
        targets = lent and {"of": lent.name or None, "measured": False, "differs": list(lent.paths)}
        facts = {"name": one.name, "title": one.title, "hash": one.hash, "frozen": frozen, "borrowed": targets}
        data.append({**facts, "questions": asked[spec]})
        doubtful = f", with {len(asked[spec])} to look at again" if asked[spec] else ""
        lent_by = f"; its targets were {lent.sentence}" if lent else ""
        lines.append(f"{spec}: {words.get(frozen, 'ok')}{doubtful}{lent_by}")
    text = "\n".join(lines)
    return Answer({"scenarios": data}, text, {"hashes": {one.name: one.hash for one in fine}})


@scenario.command()
@click.argument("first", metavar="A", shell_complete=names)
@click.argument("second", metavar="B", required=False, shell_complete=names)
@answers("scenario.diff", "set")
def diff(first: str, second: str | None, changes: dict[str, Any]) -> Answer:
    """Show where B differs from A; --set applies to B, and without B it is A with these changes."""
    if second is None and not changes:
        raise click.UsageError("expected two scenarios, or one and --set")
    a = _load(first, {})
    b = _load(second if second is not None else first, changes)
    rows = _differing(a, a.resolved(), b.resolved())
    data = [{"path": path, "a": before, "b": after, "unit": unit} for path, before, after, unit, _ in rows]
    names = {"a": a.label, "b": b.label}
    lines = [(path, _cell(before), _cell(after), unit) for path, before, after, unit, _ in rows]
    text = table(("path", a.label, b.label, "unit"), lines) if lines else "no difference"
    hashes = {"hashes": {"a": a.hash, "b": b.hash}}
    return Answer({**names, "differences": data}, text, hashes)


@scenario.command()
@click.argument("name")
@click.option(
    "--extends",
    "base",
    default="b2b-saas",
    show_default=True,
    shell_complete=names,
    help="What to start from: A or A+B.",
)
@click.option(
    "--from",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A customer list, a table of figures or a cohort table; what it says goes under known.",
)
@click.option(
    "--column", "columns", multiple=True, metavar="WHAT=HEADER", help="Which column is what: start=Joined, end=none."
)
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), default=None, help="How 03/04/2024 is meant.")
@click.option("--decimal", type=click.Choice([".", ","]), default=None, help="The sign for decimals.")
@click.option("--fee-per", type=click.Choice(["month", "year"]), default=None, help="What a fee is paid for.")
@answers("scenario.new", "out")
def new(
    name: str,
    base: str,
    files: tuple[Path, ...],
    columns: tuple[str, ...],
    dates: str | None,
    decimal: str | None,
    fee_per: str | None,
    out: Path | None,
) -> Answer:
    """Write NAME.yaml, a commented scenario that extends another; never overwrites.

    With --from it says what files know of the company (customers, churn, price, NPS, referrals), for flywheel calibrate
    to meet; figures by date go to NAME-figures.csv. Nothing of a single customer is kept.
    """
    from flywheel_sim.scenario import load
    from flywheel_sim.scenario.composing import seen_from
    from flywheel_sim.scenario.template import template

    path = out or Path(name if name.lower().endswith((".yaml", ".yml")) else f"{name}.yaml")
    start = load(base)
    extends = seen_from(base, path.parent)
    text, read = template(path.stem, extends, start), []
    if files:
        from flywheel_sim.commands.from_files import from_files, with_known

        read = from_files(files, columns, dates or "", decimal or "", fee_per or "")
        text = with_known(text, read)
    elif columns or dates or decimal or fee_per:
        raise click.UsageError("--column, --dates, --decimal and --fee-per are for --from")
    write_text(path, text, overwrite=False)
    if read:
        from flywheel_sim.commands.from_files import told_back

        told_back(read, path)
    say(f"wrote {path}; check it with: {command('flywheel', 'scenario', 'validate', path)}")
    data = {"path": str(path), "extends": extends}
    if read:
        data["read"] = [{"file": one.name, "kind": one.kind, "known": one.known} for one in read]  # type: ignore[assignment]
    return Answer(data, str(path), _manifest(start))


@scenario.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--check", is_flag=True, help="Measure only; change nothing.")
@answers("scenario.freeze", "seed", "replicates", "workers")
def freeze(path: Path, check: bool, seed: int, replicates: int | None, workers: int | None) -> Answer:
    """Calibrate the references of a base case, measure it against its targets, and record both in FILE.

    Exit 1 when a target is missed or the references do not settle.
    """
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.scenario.in_place import replaced
    from flywheel_sim.study.calibration.freezing import freeze as settle

    start = _load(os.fspath(path), {})
    frozen = settle(
        start, seed=seed, replicates=replicates or 40, rounds=0 if check else 6, workers=workers, progress=say
    )
    if not check:
        values: dict[str, float | str] = dict(frozen.references)
        for one in frozen.achieved:
            values[f"frozen.targets.{one.quantity}.achieved"] = float(f"{one.mean:.4g}")
            values[f"frozen.targets.{one.quantity}.error"] = float(f"{one.error:.2g}")
        values |= {"frozen.seed": seed, "frozen.replicates": frozen.replicates}
        values |= {"frozen.hash": frozen.scenario.hash, "frozen.engine": engine_hash()}
        write_text(path, replaced(start, path, values))
        say(f"wrote {path}")
    rows = [
        (
            one.quantity,
            f"{one.low:g}",
            f"{one.high:g}",
            f"{one.mean:.4g} +- {one.error:.2g}",
            "met" if one.met else "MISSED",
        )
        for one in frozen.achieved
    ]
    settled = (
        f"references {'settled' if frozen.settled else 'NOT SETTLED'}: the last step moved one by {frozen.moved:.2g}"
    )
    data = {
        "file": os.fspath(path),
        "settled": frozen.settled,
        "references": frozen.references,
        "targets": [{**vars(one), "met": one.met} for one in frozen.achieved],
    }
    text = table(("target", "from", "to", "achieved", ""), rows) if rows else "no targets"
    return Answer(
        data, f"{text}\n{settled}", _manifest(frozen.scenario), failed=not (frozen.met and (check or frozen.settled))
    )


@scenario.command()
@answers("scenario.schema")
def schema() -> Answer:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from flywheel_sim.scenario.editor import json_schema
    from flywheel_sim.scenario.schema import ScenarioModel

    document = json_schema(ScenarioModel)
    return Answer(document, json.dumps(document, indent=2))


def _differing(of: "Scenario", before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any, str, str]]:
    """Return paths at which two resolved scenarios differ: both values, the unit, and what it is."""
    from flywheel_sim.scenario.shapes import along, root
    from flywheel_sim.scenario.writing import differing

    rows = []
    for path, old, new in (leaf for difference in differing(before, after) for leaf in _leaves(*difference)):
        shape = along(root(type(of.model)), path)
        said = (shape.label or shape.text) if shape is not None else ""
        rows.append((".".join(path), old, new, shape.unit if shape is not None else "", said))
    return rows


def _leaves(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield an entry that only one of both has, number by number."""
    whole = new if old is None else old if new is None else None
    if not isinstance(whole, dict) or not whole:
        yield path, old, new
        return
    for name, value in whole.items():
        yield from _leaves((*path, name), *((None, value) if old is None else (value, None)))


def _defaults(of: "Scenario") -> dict[str, Any]:
    """Return what a scenario is where a file says nothing, as far as there are defaults."""
    model = type(of.model)
    return {
        name: field.get_default(call_default_factory=True).model_dump(mode="json", by_alias=True)
        for name, field in model.model_fields.items()
        if hasattr(field.get_default(call_default_factory=True), "model_dump")
    }


def _cell(value: Any) -> str:
    from flywheel_sim.scenario.writing import one_line

    text = "-" if value is None else one_line(value)
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 3]}..."


def _load(spec: str, changes: dict[str, Any]) -> "Scenario":
    from flywheel_sim.scenario import load

    scenario = load(spec)
    for note in scenario.notes:
        say(f"note: {note}")
    return scenario.with_(changes) if changes else scenario


def _frozen(one: "Scenario") -> str:
    """Tell whether a base case is as it was frozen: ``yes``, ``edited``, or nothing for what is no base case."""
    place = one.position("frozen.hash")
    if place is None or not one.files or not one.model.frozen.hash or one.changes:
        return ""
    own = Path(str(place.file)).stem == Path(one.files[0]).stem
    return "" if not own else "yes" if one.model.frozen.hash == one.hash else "edited"


def _manifest(shown: "Scenario") -> dict[str, Any]:
    return {"hashes": {shown.name: shown.hash}}

"""What every command has in common: its options, the shape of its answer, and its exit code.

stdout carries the result, stderr the talk.  Exit 0: done.  1: it ran and the answer is "failed".  2: bad input.
70: internal error.  130: interrupted.
"""

import contextlib
import functools
import json
import math
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import click

from flywheel_sim.__about__ import __version__
from flywheel_sim.commands.next_step import next_step
from flywheel_sim.files import place, write_text

__all__ = ["LITERAL", "Answer", "answers", "guarded", "say", "table"]

#: Options of a rich console that prints names as they are: neither "[bold]" nor ":smile:" is an order.
LITERAL: dict[str, Any] = {"markup": False, "emoji": False}

OK, FAILED, BAD_INPUT, INTERNAL_ERROR, INTERRUPTED = 0, 1, 2, 70, 130


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found.

    Parameters
    ----------
    data : mapping
        ``data`` of the JSON object.
    text : str or object
        What a person reads; anything but a text is printed by rich.
    manifest : mapping
        Seeds, hashes and the like, beside the version.
    failed : bool
        It ran, and the answer is "failed": exit 1.
    """

    data: Mapping[str, Any]
    text: Any = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False


def answers(schema: str, *extra: str) -> Callable[[Callable[..., Answer]], Callable[..., None]]:
    """Give a click command the common options and print the `Answer` it returns.

    Parameters
    ----------
    schema : str
        Name of the answer: ``"compare"`` makes ``flywheel.compare/1``.
    *extra : {"set", "seed", "replicates", "workers", "out"}
        Options the function takes, as ``changes`` (dict of dotted path -> value), ``seed``, ``replicates``,
        ``workers`` and ``out`` (a Path or None).  Without ``"out"`` the option is there all the same, and sends the
        result to that file.  ``--json``, ``--quiet`` and ``--debug`` are always there and need no argument.

    Examples
    --------
    >>> @click.command()
    ... @answers("hello", "seed")
    ... def hello(seed: int) -> Answer:
    ...     return Answer({"seed": seed}, text=f"seed {seed}")
    >>> hello(["--seed", "3"], standalone_mode=False)
    seed 3
    """

    def wrap(function: Callable[..., Answer]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(**given: Any) -> None:
            as_json, quiet = given.pop("as_json"), given.pop("quiet")
            given.pop("debug")  # `guarded` reads it off the command line, since errors may come before this
            context = click.get_current_context()
            context.meta["flywheel.quiet"] = quiet
            out = given["out"] if "out" in extra else given.pop("out")
            if out is not None and "out" not in extra:
                place(out)
            if "set" in extra:
                given["changes"] = _settings(given.pop("settings"))
            answer = function(**given)
            _print(schema, answer, as_json, None if "out" in extra else out)
            if answer.failed:
                context.exit(FAILED)

        for option in reversed(_options(extra)):  # help lists the last one put on first
            command = option(command)
        return command

    return wrap


def say(text: str) -> None:
    """Write a message on stderr, unless ``--quiet``."""
    context = click.get_current_context(silent=True)
    if context is None or not context.meta.get("flywheel.quiet"):
        click.echo(text, err=True)


def table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Return aligned columns with one line of names.

    Examples
    --------
    >>> print(table(("name", "n"), [("a", 1), ("long", 22)]))
    name  n
    a     1
    long  22
    """
    cells = [tuple(str(cell) for cell in row) for row in rows]
    widths = [max(len(line[i]) for line in [columns, *cells]) for i in range(len(columns))]

    def line(row: tuple[str, ...]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    return "\n".join(map(line, [columns, *cells]))


def guarded(action: Callable[[], Any], words: list[str], commands: Iterable[str] = ()) -> int:
    """Run ``action`` and return the exit code; say what went wrong, and after bad input what to type next.

    ``words`` tells whether ``--json`` or ``--debug`` was asked for; ``commands`` are the names there are.
    """
    options = words[: words.index("--")] if "--" in words else words
    as_json, debug, stdout = "--json" in options, "--debug" in options, sys.stdout
    try:
        if wrong := next((word for word in words if "\0" in word), ""):
            raise click.UsageError(f"a word of a command holds a zero byte: {wrong!r}")
        result = action()
        sys.stdout.flush()
        return result if isinstance(result, int) else OK
    except BrokenPipeError:
        _close_quietly()
        return OK
    except SystemExit:
        if sys.stdout is stdout:
            raise
        return OK  # nobody reads any more, and click has put a stream in place that swallows the rest
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return BAD_INPUT
    except (Exception, KeyboardInterrupt) as error:
        failure = _failure_of(error)
        if failure.code == INTERNAL_ERROR and debug:
            traceback.print_exc()
        hints = (words, commands) if failure.typed else ()
        return _fail(failure.problems, failure.code, as_json, *hints)


class _Failure(NamedTuple):
    """What went wrong, the exit code, and whether what was typed can be typed better."""

    problems: list[tuple[dict[str, Any], str]]
    code: int
    typed: bool = False


def _failure_of(error: BaseException) -> _Failure:
    """Return what an error says to people."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return _Failure([_problem(str(error) or str(error.__cause__ or "") or "interrupted")], INTERRUPTED)
    if isinstance(error, click.ClickException):
        return _Failure([_of_click(error)], BAD_INPUT, typed=True)
    if isinstance(error, MemoryError):
        return _Failure([_problem("not enough memory for this; ask for fewer accounts or replicates")], BAD_INPUT)
    if isinstance(error, OSError):
        known = error.filename and error.strerror
        return _Failure([_problem(f"{error.filename}: {error.strerror}" if known else str(error))], BAD_INPUT)
    problems = getattr(error, "problems", None)
    if isinstance(error, ValueError) and problems and hasattr(problems[0], "as_dict"):
        return _Failure([(problem.as_dict(), str(problem)) for problem in problems], BAD_INPUT, typed=True)
    first = (str(error).splitlines() or [""])[0]
    text = f"internal error: {type(error).__name__}: {first} (--debug shows where; please report it)"
    return _Failure([_problem(text)], INTERNAL_ERROR)


def _of_click(error: click.ClickException) -> tuple[dict[str, Any], str]:
    """Return what is wrong with the words of a command, with the option that may have been meant."""
    option = getattr(error, "option_name", None)
    near = [one for one in getattr(error, "possibilities", None) or () if one.startswith("--")]
    if option and near:
        return _problem(f"No such option '{option}'", near[0])
    return _problem(error.format_message(), getattr(error, "suggestion", None))


def _close_quietly() -> None:
    """Send the rest nowhere once nobody reads any more, so that the flush at exit does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _problem(message: str, suggestion: str | None = None) -> tuple[dict[str, Any], str]:
    fields = {"file": None, "line": None, "column": None, "field": "", "message": message, "suggestion": suggestion}
    return fields, f"flywheel: {message}" + (f"; did you mean '{suggestion}'?" if suggestion else "")


def _fail(
    problems: list[tuple[dict[str, Any], str]],
    code: int,
    as_json: bool,
    words: Sequence[str] = (),
    commands: Iterable[str] = (),
) -> int:
    try:
        if as_json:
            click.echo(json.dumps({"status": "error", "errors": [fields for fields, _ in problems]}, indent=2))
        else:
            for _, text in problems:
                click.echo(text, err=True)
            if commands:
                click.echo(f"try: {next_step(words, [fields for fields, _ in problems], commands)}", err=True)
    except BrokenPipeError:
        _close_quietly()
    return code


def _print(schema: str, answer: Answer, as_json: bool, out: Path | None) -> None:
    status = "failed" if answer.failed else "ok"
    manifest = {"version": __version__, **answer.manifest}
    whole = {"schema": f"flywheel.{schema}/1", "status": status, "data": answer.data, "manifest": manifest}
    if as_json:
        text = json.dumps(_plain(whole), indent=2, allow_nan=False)
    elif isinstance(answer.text, str):
        text = answer.text.rstrip("\n")
    elif out is None:
        from rich.console import Console

        Console(soft_wrap=not sys.stdout.isatty(), **LITERAL).print(answer.text)
        return
    else:
        from rich.console import Console

        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            console = Console(record=True, width=160, file=nowhere, **LITERAL)
            console.print(answer.text)
            text = console.export_text()
    if out is not None:
        write_text(out, text + "\n")
        say(f"wrote {out}")
    elif text:
        click.echo(text)


def _plain(value: Any) -> Any:
    """Return plain JSON: NumPy numbers and arrays as numbers and lists, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if type(value).__module__ == "numpy":
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _settings(given: tuple[str, ...]) -> dict[str, Any]:
    """Return ``("teams.sales.headcount=12",)`` -> ``{"teams.sales.headcount": 12}``, or every mistake in it."""
    from flywheel_sim.scenario.errors import Problem, ScenarioError
    from flywheel_sim.scenario.reading import parse_value

    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for word in given:
        path, equals, text = word.partition("=")
        path = path.strip()
        if not equals or not path:
            problems.append(Problem(None, None, None, "--set", f"expected path=value, got '{word}'"))
        elif path in changes:
            problems.append(Problem(None, None, None, path, "set twice"))
        else:
            try:
                changes[path] = parse_value(text, path)
            except ScenarioError as error:
                problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return changes


def _options(extra: tuple[str, ...]) -> list[Callable[[Any], Any]]:
    known: dict[str, Callable[[Any], Any]] = {
        "set": click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a value; repeatable."),
        "seed": click.option(
            "--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Root seed."
        ),
        "replicates": click.option(
            "--replicates", type=click.IntRange(1, 1_000_000), default=None, help="Runs per scenario."
        ),
        "workers": click.option(
            "--workers", type=click.IntRange(1, 4096), default=None, help="At most this many cores."
        ),
    }
    path = click.Path(path_type=Path, dir_okay="out" in extra)
    always: list[Callable[[Any], Any]] = [
        click.option("--out", type=path, default=None, help="Where to write the result instead of stdout."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option("--quiet", is_flag=True, help="Suppress messages on stderr."),
        click.option("--debug", is_flag=True, help="Show the traceback of an internal error."),
    ]
    return [known[name] for name in extra if name != "out"] + always

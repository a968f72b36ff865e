"""Scenarios, studies, saved results, links and command lines with mistakes that no person would make.

    python tests/fuzz/mutate.py --count 20000 --real 500 --seed 1 [--first 0] [--only links commands]

Each is a sound one with some of its text, bytes or words changed.  It is read as the command line or the app reads it,
in this process, and must be read or be refused: exit 0, 1 or 2, never 70, and not after more than `PATIENCE` seconds.
Of each kind the same share is tried as a user does it, ``--real`` of all: as a command in a process of its own, links
asked of an app that is served.  There, neither may a traceback be seen, nor an answer of 500 and more.

A trial is drawn from the seed, its kind and its number: ``--first`` goes on where another call has ended, and one trial
is made again by its number with ``--count 1``.
"""

import argparse
import collections
import contextlib
import functools
import io
import json
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from fuzz import as_typed, command_lines

from flywheel_sim.commands import command_output
from flywheel_sim.commands.command_output import INTERNAL_ERROR, guarded
from flywheel_sim.engine.cache_root import cache_root
from flywheel_sim.scenario import Scenario, layering, load

#: Seconds that reading may take.
PATIENCE = 10
#: What is written where a value stood.
ODD = ("", "0", "-1", "1e308", "-1e308", "1e-320", "0.1", "2", "999999999999", "null", "true", ".nan", "-.inf", "[]",
       "{}", "[1, 2]", "{a: 1}", "'x'", '"', "'", "text", "1,5", "50%", "0x1F", "*a", "&a 1",
       "!!python/none x", "<<", "- 1",
       "\t", "\x00", "\ufeff", "\u2028", "é", "\U0001f300", "$x$", "<b>", "a.b", "..", "../../etc", "x" * 300,
       "9" * 400, "[" * 60, "{a: " * 30)  # fmt: skip
SCENARIOS = ("nps-pay", "b2b-saas", "b2c-subscription", "everything-on", "relationship-flywheel",
             "limits/a21-queue", "hubspot")  # fmt: skip
KINDS = ("scenarios", "studies", "results", "links", "commands")
SMALL = {"horizon_weeks": 4, "market.accounts": 64, "market.initial_customers": 20, "market.network.degree": 2}


def mutated(luck: random.Random, text: str, words: tuple[str, ...] = ODD) -> str:
    """A text with one to five changes."""
    for _ in range(luck.choice((1, 1, 1, 2, 3, 5))):
        lines = text.split("\n")
        at = luck.randrange(len(lines))
        how = luck.randrange(10)
        if how == 0:
            del lines[at]
        elif how == 1:
            lines.insert(luck.randrange(len(lines) + 1), lines[at])
        elif how == 2:
            lines[at] = luck.choice((" ", "  ", "    ", "\t", "- ")) + lines[at]
        elif how == 3:
            lines[at] = lines[at].lstrip()
        elif how == 4 and ":" in lines[at]:
            lines[at] = lines[at].partition(":")[0] + ": " + luck.choice(words)
        elif how == 5 and ":" in lines[at]:
            other = luck.choice(lines)
            lines[at] = lines[at].partition(":")[0] + ":" + other.partition(":")[2]
        elif how == 6:
            tokens = lines[at].split(" ")
            tokens[luck.randrange(len(tokens))] = luck.choice(words)
            lines[at] = " ".join(tokens)
        elif how == 7 and lines[at]:
            place = luck.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + luck.choice(words) + lines[at][place + luck.randrange(2) :]
        elif how == 8:
            other = luck.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            cut = luck.randrange(len(text) + 1)
            lines = (text[:cut] if luck.random() < 0.2 else text).split("\n")
        text = "\n".join(lines)
    return text


def odd_value(luck: random.Random, value: Any) -> Any:
    """Another value for one in JSON."""
    return luck.choice((None, True, 0, -1, 1.5, 1e308, 10**400, "", "x", "\x00", [], {}, [value], {"a": value}, 2**63))


def changed_json(luck: random.Random, tree: Any) -> Any:
    """A JSON tree with some of its values changed, taken away or given another name."""
    for _ in range(luck.choice((1, 1, 2, 3))):
        inside = tree
        while isinstance(inside, dict | list) and inside:
            key = luck.choice(list(inside)) if isinstance(inside, dict) else luck.randrange(len(inside))
            below = inside[key]
            if isinstance(below, dict | list) and below and luck.random() < 0.8:
                inside = below
                continue
            how = luck.randrange(4)
            if how == 0:
                del inside[key]
            elif how == 1 and isinstance(inside, dict):
                inside[luck.choice(("", "a.b", "extra", "\x00", str(key) + "x"))] = inside.pop(key)
            else:
                inside[key] = odd_value(luck, below)
            break
    return tree


def in_bytes(luck: random.Random, data: bytes) -> bytes:
    """Bytes that are cut, flipped, or have some put in."""
    at, how = luck.randrange(len(data) + 1), luck.randrange(4)
    if how == 0:
        return data[:at]
    if how == 1 and at < len(data):
        return data[:at] + bytes([data[at] ^ (1 << luck.randrange(8))]) + data[at + 1 :]
    if how == 2:
        return data[:at] + luck.randbytes(luck.randint(1, 20)) + data[at:]
    return luck.randbytes(luck.randint(0, 200))


class Trial(NamedTuple):
    """What is tried, for people to see; how, in this process; and the words or the link that a user would type."""

    told: str
    tried: Callable[[], Any]
    words: tuple[str, ...] = ()
    link: tuple[str, str] = ("", "")


class Ground:
    """A folder with sound things to start from, and one to put changed ones in."""

    def __init__(self, folder: Path) -> None:
        import flywheel_sim as fs
        from flywheel_sim.scenario.library import find
        from flywheel_sim.study.design.study_file import shipped_studies

        self.folder = folder
        shipped = (find(name, Path()).path for name in SCENARIOS)
        self.scenarios = [path.read_text("utf-8") for path in shipped]
        self.studies = [path.read_text("utf-8") for path in shipped_studies().values()]
        small = load("b2b-two-teams").with_(SMALL)
        fs.run(small).save(folder / "run")
        fs.compare([small, small.with_({"market.price": 1.1})], replicates=2).save(folder / "comparison")
        study = {"version": 1, "scenario": "b2b-two-teams", "set": SMALL, "parameters": {"cadence.pull": [0.1, 0.2]},
                 "outcomes": ["npv"], "series": ["customers"], "replicates": 2}  # fmt: skip
        (folder / "study.yaml").write_text(json.dumps(study), "utf-8")
        self.studies.append((folder / "study.yaml").read_text("utf-8").replace(", ", ",\n "))
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            command("sweep", folder / "study.yaml", "--out", folder / "sweep")
        self.results = [folder / name for name in ("run", "comparison", "sweep")]
        worlds, deep = folder / "tiny-worlds", folder / "deep/er"
        command_lines.lay(deep)
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            command("worlds", deep / "tiny.yaml", "--draws", "10", "--out", worlds)
        self.beside = [*self.results, worlds]
        for path in self.beside:
            assert path.is_dir(), path
        self.links = [f"{name}:{json.dumps(changes)}" for name, changes in (
            ("b2b-saas", {"cadence.pull": 0.5, "teams.sales.headcount": 12, "market.price": 1.2}),
            ("nps-pay", {"incentives.pay": {"service": {"on": {"nps": 1.0}}}, "horizon_weeks": 52}),
            ("everything-on", {"ledger.opening_cash": 1e6, "title": "Mine"}))]  # fmt: skip

    def trial(self, luck: random.Random, kind: str) -> Trial:
        """Draw what is tried."""
        place = self.folder / "now"
        os.chdir(self.folder)
        if kind in ("scenarios", "studies"):
            return self.file(luck, kind, place.with_suffix(".yaml"))
        if kind == "links":
            return self.address(luck)
        if kind == "commands":
            return self.line(luck)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(luck.choice(self.results), place)
        told = self.damage(luck, place)
        reader = luck.choice(("status", "report", "resume", "reproduce", "sensitivity"))
        words = (reader, str(place), *(("--out", "now.html") if reader == "report" else ()))
        return Trial(told, functools.partial(self.result, place), words)

    def file(self, luck: random.Random, kind: str, path: Path) -> Trial:
        """Draw a scenario or a study with mistakes."""
        text = mutated(luck, luck.choice(self.scenarios if kind == "scenarios" else self.studies))
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        if kind == "studies":
            words = (luck.choice(("sweep", "optimize")), str(path), "--check")
            return Trial(text, functools.partial(command, "sweep", path, "--check"), words)
        small = [f"--set={key}={value}" for key, value in (SMALL | {"vectors.substeps": 2}).items()]
        lines = ("scenario validate NOW", "scenario show NOW --resolved", "run NOW", "compare NOW NOW --replicates=2")
        words = luck.choice(lines).replace("NOW", str(path)).split()
        words += [] if words[0] == "scenario" else small
        return Trial(text, functools.partial(self.scenario, path, run=luck.random() < 0.1), tuple(words))

    def address(self, luck: random.Random) -> Trial:
        """Draw a link with mistakes."""
        text = luck.choice(self.links)
        base, _, rest = text.partition(":")
        if luck.random() < 0.6:
            text = f"{base}:{json.dumps(changed_json(luck, json.loads(rest)))}"
        else:
            text = mutated(luck, text.replace(",", ",\n")).replace("\n", "")
        return Trial(text, functools.partial(self.link, text), link=(text, luck.choice(as_typed.PAGES)))

    def line(self, luck: random.Random) -> Trial:
        """Draw a command line with mistakes, in a folder so deep that none leads out of the ground."""
        words = command_lines.mutated(luck, command_lines.WORDS + ODD)
        shutil.rmtree(self.folder / "deep", ignore_errors=True)
        place = self.folder / "deep/er/and/deeper/now"
        command_lines.lay(place, self.beside)
        os.chdir(place)
        served = "app" in words  # it would go on until Ctrl-C; links are what asks it
        return Trial(repr(words), functools.partial(command, *words), ("app", "--help") if served else tuple(words))

    def damage(self, luck: random.Random, place: Path) -> str:
        """Change a file of a result."""
        files = sorted(path for path in place.rglob("*") if path.is_file())
        path = luck.choice(files)
        name, how = path.relative_to(place), luck.randrange(8)
        if path.suffix == ".json" and how < 6:
            tree = changed_json(luck, json.loads(path.read_text("utf-8")))
            if how < 4:  # with a checksum that fits, so that what is behind it is tried too
                tree = summed_again(tree)
            path.write_text(json.dumps(tree), "utf-8")
            return f"{name} with other values: {json.dumps(tree)[:300]}"
        if how == 0:
            path.unlink()
            return f"{name} taken away"
        if how == 1:
            path.write_bytes(luck.choice(files).read_bytes() if luck.random() < 0.5 else b"")
            return f"{name} with another file's content"
        if how == 2:
            path.unlink()
            path.mkdir()
            return f"{name} as a folder"
        path.write_bytes(in_bytes(luck, path.read_bytes()))
        return f"{name} with other bytes"

    def scenario(self, path: Path, *, run: bool) -> Any:
        """Read a scenario, and run it when it is sound."""
        found: Scenario = load(path)
        if run:
            from flywheel_sim.execute.run import run as running

            small = found.with_({**SMALL, "timeline.enabled": False, "vectors.substeps": 2})
            return running(small).to_dict()
        return found.hash

    def link(self, text: str) -> Any:
        """Read a link as the app does."""
        from flywheel_sim.app.bounds import check
        from flywheel_sim.app.link import read_pick

        pick = read_pick(text)
        check([pick.scenario()], 2)
        return pick.text

    def result(self, place: Path) -> Any:
        """Read a saved result of whatever kind, and look at all of it."""
        from flywheel_sim.execute.store import Store
        from flywheel_sim.results import Outcomes, open_run
        from flywheel_sim.results.saving import read_manifest

        if (place / "study.json").exists():
            store = Store.open(place)
            command("status", place)
            return store.table(), store.series(), store.hash()
        if "run" in read_manifest(place)["schema"]:
            run = open_run(place)
            return run.to_dict(), run.weekly, run.teams if run.arrays.teams is not None else None, run.accounts
        found = Outcomes.open(place)
        return found.to_dict(), found.table, found.paired


def summed_again(tree: dict[str, Any]) -> dict[str, Any]:
    """A manifest with its own checksum put right."""
    from flywheel_sim.execute.checksums import STUDY, _of_study
    from flywheel_sim.results.saving import _sum_of_values

    with contextlib.suppress(Exception):
        if "sums" in tree:
            tree["sums"][STUDY] = _of_study(tree)
        if "checksum" in tree:
            tree.pop("checksum")
            tree["checksum"] = _sum_of_values(tree)
    return tree


def command(*words: Any) -> int:
    """Type a command, in this process."""
    from flywheel_sim.cli import flywheel

    try:
        flywheel([str(word) for word in words])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


#: What is said of settings that are changed at random, and is no mistake.
KNOWN_WARNINGS = (".* has no effect",)


class TooLong(BaseException):
    """Reading took longer than anybody waits."""


def judged(action: Callable[[], Any]) -> tuple[int, str, float]:
    """Exit code, where it came from if it is an internal error, and seconds."""
    trace, told, explained = "", io.StringIO(), command_output._failure_of

    def looked_at(error: BaseException) -> Any:
        nonlocal trace
        failure = explained(error)
        if failure.code == INTERNAL_ERROR:
            trace = "".join(traceback.format_exception(error))
        return failure

    def late(*_: Any) -> None:
        raise TooLong

    before = time.process_time()
    command_output._failure_of = looked_at
    signal.signal(signal.SIGPROF, late)  # this process's own seconds: others may be at work beside it
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    signal.setitimer(signal.ITIMER_REAL, as_typed.LOST)  # it may wait without working
    try:
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("error")
            for known in KNOWN_WARNINGS:
                warnings.filterwarnings("ignore", known, UserWarning)
            code = guarded(action, [])
    except TooLong:
        code, trace = INTERNAL_ERROR, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        command_output._failure_of = explained
    if "Traceback" in told.getvalue() and code in (0, 1, 2):
        code = INTERNAL_ERROR
    if code not in (0, 1, 2) and not trace:
        trace = told.getvalue()
    return code, trace, time.process_time() - before


def read_once() -> None:
    """Keep what shipped files say, so that the time goes to the changed ones."""
    reading, kept = layering.read, {}

    def read(path: Path, file: str | None = None, problems: Any = None) -> Any:
        if "now" in Path(path).name:
            return reading(path, file, problems)
        key = (str(path), file)
        if key not in kept:
            kept[key] = pickle.dumps(reading(path, file, problems))
        return pickle.loads(kept[key])

    layering.read = read  # type: ignore[assignment]


class Found(NamedTuple):
    """A trial and how it ended: ``trace`` says where from, of a fault of our own."""

    number: int
    kind: str
    real: bool
    told: str
    code: int
    trace: str
    seconds: float

    @property
    def bad(self) -> str:
        """What failed, and where; empty when nothing did."""
        if self.code in (0, 1, 2):
            return ""
        lines = [line.strip() for line in self.trace.strip().splitlines()]
        at = next((line for line in reversed(lines) if line.startswith("File") and "flywheel_sim" in line), "")
        return f"{self.kind}: {lines[-1][:90] if lines else self.code} at {at[-70:]}"


@contextlib.contextmanager
def grounded() -> Iterator[Ground]:
    """A ground in a home of its own, where nothing is served and nothing asked of a person."""
    here, home, stdin, kept = Path.cwd(), os.environ.get("HOME"), sys.stdin, os.environ.get("FLYWHEEL_CACHE")
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open() as sys.stdin, unserved():
        root = cache_root()
        os.environ["FLYWHEEL_CACHE"] = "off" if root is None else str(root)  # compiled code stays where it is
        os.environ["HOME"] = folder
        try:
            yield Ground(Path(folder))
        finally:
            os.chdir(here)
            sys.stdin = stdin
            for name, value in (("HOME", home), ("FLYWHEEL_CACHE", kept)):
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


@contextlib.contextmanager
def unserved() -> Iterator[None]:
    """Let the app end at once in this process."""
    from flywheel_sim.app.screens import serve

    serving = serve.serve
    serve.serve = lambda port, *, show: None
    try:
        yield
    finally:
        serve.serve = serving


def trials(seed: int, numbers: range, kinds: tuple[str, ...] = KINDS, real: int = 0) -> Iterator[Found]:
    """Make trials of so many numbers, ``real`` of them as a user does."""
    with grounded() as ground, as_typed.App() as app:
        for number in numbers:
            kind, of_kind = kinds[number % len(kinds)], number // len(kinds)
            luck = random.Random(f"{seed} {kind} {number}")
            trial = ground.trial(luck, kind)
            typed = (of_kind + 1) * real // len(numbers) > of_kind * real // len(numbers)
            if not typed:
                found = judged(trial.tried)
            elif trial.words:
                found = as_typed.command(trial.words, PATIENCE)
            else:
                found = app.asked(*trial.link, PATIENCE)
            yield Found(number, kind, typed, trial.told, *found)


def main() -> int:
    """Try many, say what failed, and how to see it again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first trial")
    parser.add_argument("--real", type=int, default=0, help="so many of them as a user makes them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--show", action="store_true", help="print what was tried and all of the trace")
    given = parser.parse_args()
    read_once()
    codes: collections.Counter[tuple[str, str, int]] = collections.Counter()
    faults: collections.Counter[str] = collections.Counter()
    slowest: dict[str, tuple[float, int]] = {}
    for found in trials(given.seed, range(given.first, given.first + given.count), tuple(given.only), given.real):
        how = "as typed" if found.real else "in process"
        codes[found.kind, how, found.code] += 1
        slowest[how] = max(slowest.get(how, (0.0, 0)), (found.seconds, found.number))
        if given.show:
            print(found.number, found.kind, how, found.code, found.told, found.trace, sep="\n")
        if found.bad:
            if not faults[found.bad]:
                print(f"{found.number} ({how}): {found.bad}", flush=True)
            faults[found.bad] += 1
    for (kind, how, code), many in sorted(codes.items()):
        print(f"{many:6d} {kind} {how}: exit {code}")
    for text, many in faults.most_common():
        print(f"{many:6d} {text}")
    for how, (seconds, number) in slowest.items():
        print(f"slowest {how}: {seconds:.1f} s (number {number})")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())

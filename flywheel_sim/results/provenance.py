"""Where a result comes from, so that it can be made again.

Nothing here depends on who ran it, when, or in which folder: the same result has the same provenance.
"""

import hashlib
import inspect
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flywheel_sim.__about__ import __version__
from flywheel_sim.engine.fingerprint import engine_hash

__all__ = ["INTERVENTION", "Provenance", "provenance", "rule"]


#: What a rule is called that acts through the scenario's timeline.
INTERVENTION = "intervention"


@dataclass(frozen=True)
class Provenance:
    """What made a result.

    Parameters
    ----------
    version : str
        Of flywheel_sim.
    engine : str
        Hash of the engine's source files.
    scenarios : dict of str to str
        Name of every scenario -> hash of its resolved content.
    seed, replicate : int
        Key of the luck; ``replicate`` is the first one.
    replicates : int
        Runs per scenario.
    python, numpy, scipy, numba, platform : str
        What it ran on; tables of quantiles follow SciPy.
    command : str
        A command that makes it again; empty where none can.
    worlds : str
        Where the worlds are that runs are of, with their checksum; empty when every number is as stated.
    rules : dict of str to str
        Python that took part in it: ``team``, ``model`` or ``intervention`` and its class -> hash of its source, empty
        where no file holds it.  What interventions did stands in the timeline of the scenario; what the others did is
        made again by nothing but that code.
    """

    version: str
    engine: str
    scenarios: dict[str, str]
    seed: int
    replicate: int
    replicates: int
    python: str
    numpy: str
    scipy: str
    numba: str
    platform: str
    command: str
    worlds: str = ""
    rules: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Provenance":
        """Return what `to_dict` wrote down.

        Raises
        ------
        TypeError
            When a value is missing, unknown or of another kind.
        """
        whole, named = {"seed", "replicate", "replicates"}, {"scenarios", "rules"}
        for name, value in kept.items():
            kind = int if name in whole else dict if name in named else str
            if type(value) is not kind:
                raise TypeError(f"provenance.{name} is {value!r:.40}")
        return cls(**kept)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    def unlike(self, then: "Provenance") -> dict[str, tuple[str, str]]:
        """Return engine, versions and platform that are not those of another result: name -> (then, now)."""
        names = ("version", "engine", "python", "numpy", "scipy", "numba", "platform")
        pairs = {name: (getattr(then, name), getattr(self, name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def provenance(
    scenarios: dict[str, str],
    seed: int,
    *,
    replicate: int = 0,
    replicates: int = 1,
    command: str = "",
    worlds: str = "",
    rules: Mapping[str, str] | None = None,
) -> Provenance:
    """Return the provenance of a result made here and now."""
    return Provenance(
        version=__version__,
        engine=engine_hash(),
        scenarios=scenarios,
        seed=seed,
        replicate=replicate,
        replicates=replicates,
        python=platform.python_version(),
        numpy=_version("numpy"),
        scipy=_version("scipy"),
        numba=_version("numba"),
        platform=f"{platform.system()} {platform.machine()}",
        command="" if rules else command,
        worlds=worlds,
        rules=dict(rules or {}),
    )


def rule(kind: type) -> tuple[str, str]:
    """Return the name of a class that takes part in a run, and hash of its source; empty where no file holds it.

    Examples
    --------
    >>> name, source = rule(Provenance)
    >>> name, len(source)
    ('flywheel_sim.results.provenance.Provenance', 16)
    """
    try:
        text = inspect.getsource(kind)
    except (OSError, TypeError):
        text = ""
    return f"{kind.__module__}.{kind.__qualname__}", hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"

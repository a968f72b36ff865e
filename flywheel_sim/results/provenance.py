"""Where a result comes from, so that it can be made again.

Nothing here depends on who ran it, when, or in which folder: the same result has the same provenance.
"""

import hashlib
import platform
import shlex
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from flywheel_sim.__about__ import __version__

__all__ = ["Provenance", "command_line", "engine_hash", "provenance"]


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
    python, numpy, numba, platform : str
        What it ran on.
    command : str
        A command that makes it again.
    """

    version: str
    engine: str
    scenarios: dict[str, str]
    seed: int
    replicate: int
    replicates: int
    python: str
    numpy: str
    numba: str
    platform: str
    command: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def provenance(
    scenarios: dict[str, str], seed: int, *, replicate: int = 0, replicates: int = 1, command: str = ""
) -> Provenance:
    """The provenance of a result made here and now."""
    return Provenance(
        version=__version__,
        engine=engine_hash(),
        scenarios=scenarios,
        seed=seed,
        replicate=replicate,
        replicates=replicates,
        python=platform.python_version(),
        numpy=_version("numpy"),
        numba=_version("numba"),
        platform=f"{platform.system()} {platform.machine()}",
        command=command,
    )


@lru_cache(maxsize=1)
def engine_hash() -> str:
    """Hash of the engine's source files: two results with different hashes need not agree.

    Examples
    --------
    >>> len(engine_hash())
    16
    """
    folder = Path(__file__).resolve().parent.parent / "engine"
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]


def command_line(*words: str) -> str:
    """A command as one would type it.

    Examples
    --------
    >>> command_line("flywheel", "run", "b2b-saas", "--set", "market.price=1.1", "my file.yaml")
    "flywheel run b2b-saas --set market.price=1.1 'my file.yaml'"
    """
    return shlex.join(words)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"

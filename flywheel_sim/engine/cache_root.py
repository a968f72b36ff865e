"""The user's folder for what the engine keeps between processes: compiled code, and hashes that take long to make."""

import os
import sys
from pathlib import Path

__all__ = ["cache_root"]


def cache_root() -> Path | None:
    """Return the folder, which need not exist yet; None when nothing is to be kept.

    ``FLYWHEEL_CACHE`` moves it; ``FLYWHEEL_CACHE=off`` turns it off.

    Raises
    ------
    RuntimeError
        When the user has no home.
    """
    chosen = os.environ.get("FLYWHEEL_CACHE", "")
    if chosen.lower() in ("off", "0", "no"):
        return None
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "flywheel_sim"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "flywheel_sim"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flywheel_sim"

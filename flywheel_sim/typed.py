"""Commands as somebody would type them: the one place that quotes words for a shell."""

import os
import shlex
import subprocess

__all__ = ["command"]


def command(*words: str | os.PathLike[str]) -> str:
    """Return a command line that a shell takes apart into these words again.

    A path (an ``os.PathLike``) that begins with a dash gets ``./`` in front, so that no command takes it for an option.

    Examples
    --------
    >>> from pathlib import Path
    >>> command("flywheel", "resume", Path("my runs"))
    "flywheel resume 'my runs'"
    >>> command("flywheel", "report", Path("-saved"))
    'flywheel report ./-saved'
    """
    plain = [_word(word) for word in words]
    return subprocess.list2cmdline(plain) if os.name == "nt" else shlex.join(plain)


def _word(word: str | os.PathLike[str]) -> str:
    text = os.fspath(word)
    return f".{os.sep}{text}" if not isinstance(word, str) and text.startswith("-") else text

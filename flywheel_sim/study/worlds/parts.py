"""Parts of a long work on disk: what is there is not made again, and what is broken is."""

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Parts"]

Floats = NDArray[np.float64]


class Parts:
    """What has been worked out, a file for each part, with the checksum of its numbers in the name."""

    def __init__(self, folder: Path, about: str) -> None:
        self.folder = folder / "parts"
        self.mark = hashlib.sha256(about.encode()).hexdigest()[:12]
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, name: str, shape: tuple[int, ...]) -> Floats | None:
        """Return a part that is whole; one that is broken is removed."""
        for file in sorted(self.folder.glob(f"{self.mark}-{name}.*.npy")):
            try:
                data = file.read_bytes()
                if hashlib.sha256(data).hexdigest()[:16] == file.name.split(".")[-2]:
                    array = np.load(io.BytesIO(data), allow_pickle=False)
                    if array.shape == shape:
                        return np.asarray(array, np.float64)
            except (OSError, ValueError):
                pass
            file.unlink(missing_ok=True)
        return None

    def write(self, name: str, values: Floats) -> None:
        """Write a part, all of it or nothing."""
        from flywheel_sim.files import write_bytes

        buffer = io.BytesIO()
        np.save(buffer, values, allow_pickle=False)
        data = buffer.getvalue()
        write_bytes(self.folder / f"{self.mark}-{name}.{hashlib.sha256(data).hexdigest()[:16]}.npy", data)

"""Files that are either as they were or as they should be, and private."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write a file that only we can read; whoever reads it meanwhile sees the old text or the new one.

    What root writes belongs to the directory's owner: they go on where `sudo make run` left off.
    """
    number, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # made with mode 0600
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.chown(unfinished, owner.st_uid, owner.st_gid)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink()
        raise

"""Files that commands write: that they can be is known before any work begins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class FileToWrite(click.Path):
    """A file that can be written: in a folder that exists and takes files, and in the place of a file at most."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse what could not be written at the end."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        folder = path.parent
        if not folder.is_dir():
            self.fail(f"there is no folder {str(folder)!r}.", param, ctx)
        if not os.access(folder, os.W_OK | os.X_OK):
            self.fail(f"the folder {str(folder)!r} takes no files.", param, ctx)
        if path.exists() and not path.is_file():
            # A finished file takes the place of what is there, and a device must stay one.
            self.fail(f"{str(path)!r} is no file.", param, ctx)
        return path


OUT = FileToWrite()

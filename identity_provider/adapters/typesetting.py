"""PDF documents, set by typst in a child process with limits: whatever a text makes of it, a request goes on.

Run as a program, this file is that child: it knows nothing of the application, reads JSON and writes a PDF.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import typst

SECONDS = 10
_CHILD_SECONDS = 8
_CHILD_BYTES = 2 * 1024**3


class NotTypeset(Exception):
    """There is no document: most often no font of this machine has a character that stands in a text."""


def typeset(source: Path, values: dict[str, str]) -> bytes:
    """The document of a source, tagged for screen readers (PDF/UA-1), with these values in it.

    Raises NotTypeset.
    """
    asked = json.dumps({"source": source.read_text("utf-8"), "values": values}).encode()
    command = [sys.executable, "-I", str(Path(__file__).resolve())]
    try:
        # Without our environment, in which the secrets of the service stand.
        done = subprocess.run(command, input=asked, capture_output=True, timeout=SECONDS, check=False, env={})
    except subprocess.TimeoutExpired as slow:
        raise NotTypeset("it took too long") from slow
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        # What the child said may repeat the text: it is not told on.
        raise NotTypeset("the child ended without a document")
    return done.stdout


def main() -> None:
    """Set one document: JSON in, PDF out."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CHILD_SECONDS, _CHILD_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_CHILD_BYTES, _CHILD_BYTES))
    asked = json.loads(sys.stdin.buffer.read())
    made = typst.compile(asked["source"].encode(), format="pdf", pdf_standards=["ua-1"], sys_inputs=asked["values"])
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()

"""Runs the cleaning program: a process for each file, with nothing but a pipe in and a pipe out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore, Thread, Timer
from typing import IO

from identity_provider.domain.evidence import EXTENSIONS, CleanedFile, EvidenceRefused, Refusal

PROGRAM = (sys.executable, "-E", "-s", "-B", "-m", "identity_provider.adapters.cleaning")
ROOT = Path(__file__).parents[2]
SECONDS = 10.0
MOST_ANSWERED = 21_000_000
AT_ONCE = 2
"""Each takes up to half a gigabyte and a whole processor."""
_OUT_OF_TIME = frozenset({-signal.SIGKILL, -signal.SIGXCPU})


class CleaningProcess:
    """A FileCleaner. Files beyond the first two wait their turn, for as long as one may take."""

    def __init__(self, program: tuple[str, ...] = PROGRAM, *, seconds: float = SECONDS) -> None:
        self._program = program
        self._seconds = seconds
        self._places = BoundedSemaphore(AT_ONCE)

    def clean(self, content: bytes, media_type: str) -> CleanedFile:
        """The file written anew. Raises EvidenceRefused; TRY_AGAIN_LATER when too many want it at once."""
        if not self._places.acquire(timeout=self._seconds):
            raise EvidenceRefused(Refusal.TRY_AGAIN_LATER)
        try:
            answer, ended = self._run(content, media_type)
        finally:
            self._places.release()
        if len(answer) > MOST_ANSWERED:
            raise EvidenceRefused(Refusal.DAMAGED)
        if ended in _OUT_OF_TIME:
            raise EvidenceRefused(Refusal.TOOK_TOO_LONG)
        if ended != 0:
            raise EvidenceRefused(Refusal.DAMAGED)
        return _read(answer)

    def _run(self, content: bytes, media_type: str) -> tuple[bytes, int]:
        """What the process answered, and how it ended; it is killed when it takes too long or says too much."""
        try:
            child = subprocess.Popen(
                [*self._program, media_type],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd=ROOT,
                start_new_session=True,
            )
        except OSError as refused:  # no memory, or no room for another process
            raise EvidenceRefused(Refusal.TRY_AGAIN_LATER) from refused
        timer = Timer(self._seconds, child.kill)
        with child:
            timer.start()
            feeder = Thread(target=_feed, args=(child.stdin, content), daemon=True)
            feeder.start()
            answer = child.stdout.read(MOST_ANSWERED + 1) if child.stdout is not None else b""
            if len(answer) > MOST_ANSWERED:
                child.kill()
            feeder.join()
            child.wait()
            timer.cancel()
        return answer, child.returncode


def _feed(pipe: IO[bytes] | None, content: bytes) -> None:
    """On a thread of its own: the process may answer, or end, before it has read everything."""
    if pipe is not None:
        with suppress(OSError), pipe:
            pipe.write(content)


def _read(answer: bytes) -> CleanedFile:
    """What the process said; it has seen a stranger's file, and is not believed more than it has to be."""
    head, _, content = answer.partition(b"\n")
    try:
        said = json.loads(head)
        if "refused" in said:
            raise EvidenceRefused(Refusal(said["refused"]))
        media_type, pages = said["media_type"], said["pages"]
    except (ValueError, KeyError, TypeError) as garbage:
        raise EvidenceRefused(Refusal.DAMAGED) from garbage
    if media_type not in EXTENSIONS or not isinstance(pages, int) or pages < 1 or not content:
        raise EvidenceRefused(Refusal.DAMAGED)
    return CleanedFile(content, media_type, pages)

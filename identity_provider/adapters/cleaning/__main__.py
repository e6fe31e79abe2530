"""Reads a file from standard input, writes it anew to standard output: `python -m … MEDIA_TYPE`.

The answer begins with a line of JSON: `{"media_type": …, "pages": …}` and then the file, or `{"refused": REASON}`.
"""

from __future__ import annotations

import json
import resource
import sys

from identity_provider.adapters.cleaning.documents import clean_document, get_ready
from identity_provider.adapters.cleaning.pictures import clean_picture
from identity_provider.domain.evidence import PDF, CleanedFile, EvidenceRefused, Refusal

MOST_MEMORY = 512 * 1024 * 1024
MOST_SECONDS = 10
STANDARD_STREAMS = 3


def main() -> None:
    """Clean one file. Whatever a decoder trips over is a damaged file; what it has no room for is too large."""
    media_type = sys.argv[1]
    get_ready()
    limit_this_process()
    content = sys.stdin.buffer.read()
    try:
        cleaned = clean_document(content) if media_type == PDF else clean_picture(content, media_type)
    except EvidenceRefused as refused:
        _refuse(refused.reason)
    except MemoryError:
        _refuse(Refusal.TOO_LARGE_PICTURE)
    except Exception:  # noqa: BLE001  # decoders raise what they like, and none of it may be shown
        _refuse(Refusal.DAMAGED)
    else:
        _answer(cleaned)


def limit_this_process() -> None:
    """From now on no file and no connection can be opened, nothing is written but the answer, and time is short."""
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_NOFILE, STANDARD_STREAMS),
    ):
        resource.setrlimit(limit, (most, most))
    if sys.platform == "linux":  # macOS has the limit, and refuses to set it
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _answer(cleaned: CleanedFile) -> None:
    _say({"media_type": cleaned.media_type, "pages": cleaned.pages})
    sys.stdout.buffer.write(cleaned.content)


def _refuse(reason: Refusal) -> None:
    _say({"refused": reason.value})


def _say(line: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main()

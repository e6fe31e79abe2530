"""Pictures are decoded to the last pixel, turned the right way up, made smaller where they are huge, and written anew.

What was not a pixel is left behind: metadata and where the photo was taken, comments, previews, what follows the end.
"""

from __future__ import annotations

import io

from PIL import Image, ImageOps, MpoImagePlugin  # noqa: F401  # Pillow loads it for some JPEGs

from identity_provider.domain.evidence import JPEG, PNG, CleanedFile, EvidenceRefused, Refusal

FORMATS = {JPEG: "JPEG", PNG: "PNG"}
MOST_PIXELS = {JPEG: 110_000_000, PNG: 45_000_000}
"""A JPEG is made smaller while it is decoded; a PNG has to be held whole."""
LONGEST_SIDE = 3_000
"""Enough to read the small print of a certificate that fills the picture."""
MOST_BYTES = 4_500_000
"""The DQT reads no more than 5 MB of evidence (dqt-api.md, A4.4)."""

# No file can be opened once the first picture is: what Pillow loads then has to be there before.
Image.preinit()
# Their size is checked here, before any pixel is decoded; Pillow would only warn.
Image.MAX_IMAGE_PIXELS = None


def clean_picture(content: bytes, media_type: str) -> CleanedFile:
    """The picture as a JPEG or PNG of ours. Raises EvidenceRefused, or what Pillow raises for a damaged file."""
    with Image.open(io.BytesIO(content), formats=(FORMATS[media_type],)) as sent:
        width, height = sent.size
        if width * height > MOST_PIXELS[media_type]:
            raise EvidenceRefused(Refusal.TOO_LARGE_PICTURE)
        if media_type == JPEG:
            sent.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
        sent.load()
        picture = _plain(sent)
    picture = ImageOps.exif_transpose(picture)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if media_type == PNG and len(written := _as_png(picture)) <= MOST_BYTES:
        return CleanedFile(written, PNG)
    return CleanedFile(_as_jpeg(picture), JPEG)


def check_jpeg(content: bytes) -> None:
    """Decode a JPEG that is part of something else, to see that it is one. Raises EvidenceRefused."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as sent:
            width, height = sent.size
            if width * height > MOST_PIXELS[JPEG]:
                raise EvidenceRefused(Refusal.TOO_LARGE_PICTURE)
            sent.draft(None, (width // 8, height // 8))
            sent.load()
    except OSError as broken:
        raise EvidenceRefused(Refusal.DAMAGED) from broken


def _plain(sent: Image.Image) -> Image.Image:
    """Grey or RGB; what was transparent is white, as on paper."""
    if sent.mode.startswith("I"):  # sixteen bits of grey
        return sent.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if sent.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in sent.info:
        seen = sent.convert("RGBA")
        paper = Image.new("RGBA", seen.size, "white")
        paper.alpha_composite(seen)
        return _keeping_orientation(paper.convert("RGB"), sent)
    return sent if sent.mode in {"L", "RGB"} else _keeping_orientation(sent.convert("RGB"), sent)


def _keeping_orientation(made: Image.Image, sent: Image.Image) -> Image.Image:
    made.info["exif"] = sent.getexif().tobytes()
    return made


def _as_png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    _bare(picture).save(out, "PNG")
    return out.getvalue()


def _as_jpeg(picture: Image.Image) -> bytes:
    """As good as fits into what the DQT takes."""
    for quality in (88, 75):
        if len(written := _written(picture, quality)) <= MOST_BYTES:
            return written
    return _written(picture, 60)


def _written(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    _bare(picture).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _bare(picture: Image.Image) -> Image.Image:
    """The pixels alone."""
    picture.info = {}
    return picture

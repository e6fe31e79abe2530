"""PDFs are built anew from what their pages draw; everything else is left behind.

Scripts, actions, links, forms, attached files, films, metadata, and whatever stood before, behind or between are not
removed one by one: they are never copied (drawing.py says what is).
"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import pikepdf

from identity_provider.adapters.cleaning.drawing import Rebuilding
from identity_provider.domain.evidence import MOST_PAGES, PDF, CleanedFile, EvidenceRefused, Refusal

MOST_BYTES = 20_000_000
_DEEPEST_PAGE_TREE = 50
# An end that is missing is the mark of a file that was cut off; some programs write a few lines behind it.
_END, _END_WITHIN = b"%%EOF", 4_096
_LONGEST_SIDE = 14_400


def clean_document(content: bytes) -> CleanedFile:
    """The PDF with what can be seen on its pages. Raises EvidenceRefused, or what qpdf raises for a damaged file."""
    try:
        source = pikepdf.open(io.BytesIO(content))
    except pikepdf.PasswordError as locked:
        raise EvidenceRefused(Refusal.PASSWORD) from locked
    with source:
        pages = _pages_of(source, content)
        _draw_forms_and_notes(source)
        written = _rebuilt(source)
    if len(written) > MOST_BYTES:
        raise EvidenceRefused(Refusal.TOO_LARGE)
    return CleanedFile(written, PDF, pages)


def get_ready() -> None:
    """Have qpdf open its source of random numbers, without which it opens no encrypted file, while it still can."""
    with pikepdf.new() as made:
        made.save(io.BytesIO(), encryption=pikepdf.Encryption(owner="", user=""))


def _pages_of(source: pikepdf.Pdf, content: bytes) -> int:
    """How many pages there are to keep; refuses a file of which too much would be lost, or too little is there."""
    if _END not in content[-_END_WITHIN:] and source.get_warnings():
        raise EvidenceRefused(Refusal.DAMAGED)
    if source.Root.get("/NeedsRendering"):  # XFA: the page only says that another program is needed
        raise EvidenceRefused(Refusal.ACTIVE_CONTENTS)
    pages = len(source.pages)
    if pages == 0:
        raise EvidenceRefused(Refusal.DAMAGED)
    if pages > MOST_PAGES:
        raise EvidenceRefused(Refusal.TOO_MANY_PAGES)
    return pages


def _draw_forms_and_notes(source: pikepdf.Pdf) -> None:
    """What was typed into a form or noted in the margin becomes part of the page, where its look is known."""
    form = source.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary) and all("/Annots" not in page.obj for page in source.pages):
        return
    # A form that is broken is left out; the page under it is what counts.
    with suppress(pikepdf.PdfError, ValueError, RuntimeError):
        if isinstance(form, pikepdf.Dictionary) and form.get("/NeedAppearances"):
            source.generate_appearance_streams()
        source.flatten_annotations("screen")


def _rebuilt(source: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as made:
        rebuilding = Rebuilding(made)
        for page in source.pages:
            made.pages.append(pikepdf.Page(made.make_indirect(_page(page.obj, rebuilding, made))))
        made.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=False)
    return out.getvalue()


def _page(sent: Any, rebuilding: Rebuilding, made: pikepdf.Pdf) -> pikepdf.Dictionary:
    page = pikepdf.Dictionary(Type=pikepdf.Name.Page, MediaBox=_box(_inherited(sent, "/MediaBox")))
    if isinstance(cropped := _inherited(sent, "/CropBox"), pikepdf.Array):
        page.CropBox = _box(cropped)
    if isinstance(turned := _inherited(sent, "/Rotate"), int) and turned % 90 == 0:
        page.Rotate = turned % 360
    if isinstance(resources := _inherited(sent, "/Resources"), pikepdf.Dictionary):
        page.Resources = rebuilding.resources(resources)
    page.Contents = made.make_indirect(rebuilding.drawing(_contents(sent)))
    return page


def _contents(sent: Any) -> list[pikepdf.Stream]:
    contents = sent.get("/Contents")
    parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    return [each for each in parts if isinstance(each, pikepdf.Stream)]


def _inherited(sent: Any, key: str) -> Any:
    """What a page does not say itself, the branches of the tree above it say (PDF 1.7, 7.7.3.4)."""
    for _level in range(_DEEPEST_PAGE_TREE):
        if not isinstance(sent, pikepdf.Dictionary):
            return None
        if key in sent:
            return sent[key]
        sent = sent.get("/Parent")
    raise EvidenceRefused(Refusal.DAMAGED)


def _box(sent: Any) -> pikepdf.Array:
    """Four numbers that a sheet of paper may have."""
    sides = [float(side) for side in sent] if isinstance(sent, pikepdf.Array) else []
    if len(sides) != 4 or not all(abs(side) <= _LONGEST_SIDE for side in sides):
        raise EvidenceRefused(Refusal.DAMAGED)
    return pikepdf.Array([round(side, 3) for side in sides])

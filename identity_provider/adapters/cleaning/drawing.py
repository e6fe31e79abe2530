"""What may draw on a page of a PDF, copied key by key from a list; a key that is not on it stays behind."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal

import pikepdf

from identity_provider.adapters.cleaning.pictures import MOST_PIXELS, check_jpeg
from identity_provider.domain.evidence import JPEG, EvidenceRefused, Refusal

MOST_DECODED = 300_000_000
MOST_DRAWN = 50_000_000
"""In what is no picture: a drawing, a font, a table of colours."""
MOST_OBJECTS = 100_000
DEEPEST = 60

# How a dictionary is read: by the list below, as the resources of a page, or as a map from names that it chose itself.
Reading = Literal["listed", "resources", "map"]

_RESOURCES = frozenset({"/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/XObject", "/Font"})
_MAPS = frozenset({"/CharProcs", "/Colorants"})
# None of these leads out of the drawing: no action, script, annotation, file, form, structure or metadata (PDF 1.7,
# 7.4 filters, 7.10 functions, 8.4.5 graphics state, 8.6 colour, 8.7 patterns, 8.9 images, 8.10 forms, 9 fonts).
_LISTED = frozenset(
    f"/{name}"
    for name in [
        "Type",
        "Subtype",
        "Resources",
        "Width",
        "Height",
        "ColorSpace",
        "BitsPerComponent",
        "ImageMask",
        "Mask",
        "SMask",
        "SMaskInData",
        "Decode",
        "Interpolate",
        "Intent",
        "Matte",
        "FormType",
        "BBox",
        "Matrix",
        "Group",
        "S",
        "CS",
        "I",
        "K",
        "BaseFont",
        "FirstChar",
        "LastChar",
        "Widths",
        "FontDescriptor",
        "Encoding",
        "ToUnicode",
        "DescendantFonts",
        "CharProcs",
        "FontBBox",
        "FontMatrix",
        "CIDSystemInfo",
        "DW",
        "W",
        "DW2",
        "W2",
        "CIDToGIDMap",
        "Registry",
        "Ordering",
        "Supplement",
        "FontName",
        "FontFamily",
        "FontStretch",
        "FontWeight",
        "Flags",
        "ItalicAngle",
        "Ascent",
        "Descent",
        "Leading",
        "CapHeight",
        "XHeight",
        "StemV",
        "StemH",
        "AvgWidth",
        "MaxWidth",
        "MissingWidth",
        "FontFile",
        "FontFile2",
        "FontFile3",
        "CharSet",
        "CIDSet",
        "Length1",
        "Length2",
        "Length3",
        "BaseEncoding",
        "Differences",
        "CMapName",
        "WMode",
        "UseCMap",
        "LW",
        "LC",
        "LJ",
        "ML",
        "D",
        "RI",
        "OP",
        "op",
        "OPM",
        "Font",
        "FL",
        "SM",
        "SA",
        "BM",
        "CA",
        "ca",
        "AIS",
        "TK",
        "G",
        "BC",
        "TR",
        "N",
        "Alternate",
        "Range",
        "WhitePoint",
        "BlackPoint",
        "Gamma",
        "Colorants",
        "Components",
        "PatternType",
        "PaintType",
        "TilingType",
        "XStep",
        "YStep",
        "Shading",
        "ExtGState",
        "ShadingType",
        "Background",
        "AntiAlias",
        "Coords",
        "Domain",
        "Function",
        "Extend",
        "BitsPerCoordinate",
        "BitsPerFlag",
        "VerticesPerRow",
        "FunctionType",
        "Size",
        "BitsPerSample",
        "Order",
        "Encode",
        "C0",
        "C1",
        "Functions",
        "Bounds",
        "Predictor",
        "Colors",
        "Columns",
        "EarlyChange",
        "EndOfLine",
        "EncodedByteAlign",
        "Rows",
        "EndOfBlock",
        "BlackIs1",
        "DamagedRowsBeforeError",
        "JBIG2Globals",
        "ColorTransform",
    ]
)
_UNPACKED = frozenset(
    f"/{name}"
    for name in [
        "FlateDecode",
        "Fl",
        "LZWDecode",
        "LZW",
        "ASCII85Decode",
        "A85",
        "ASCIIHexDecode",
        "AHx",
        "RunLengthDecode",
        "RL",
    ]
)
_JPEG_FILTERS = frozenset({"/DCTDecode", "/DCT"})
# Kept as they are: no decoder of ours reads them, and a browser's does so in its own sandbox.
_PICTURE_FILTERS = _JPEG_FILTERS | {"/CCITTFaxDecode", "/CCF", "/JBIG2Decode", "/JPXDecode"}


class Rebuilding:
    """Copies what draws into a new PDF. Raises EvidenceRefused when there is more of it than any document needs."""

    def __init__(self, made: pikepdf.Pdf) -> None:
        self._made = made
        self._copied: dict[tuple[tuple[int, int], Reading], Any] = {}
        self._decoded = 0
        self._objects = 0

    def resources(self, sent: pikepdf.Dictionary) -> Any:
        """The resources of a page: fonts, pictures, colours, patterns."""
        return self._copy(sent, "resources", 0)

    def drawing(self, parts: Iterable[pikepdf.Stream]) -> pikepdf.Stream:
        """What is drawn on a page; it may be cut into parts at any space (PDF 1.7, 7.8.2)."""
        return self._packed(b"\n".join(self._unpacked(part) for part in parts))

    def _copy(self, sent: Any, reading: Reading, depth: int) -> Any:
        self._objects += 1
        if self._objects > MOST_OBJECTS or depth > DEEPEST:
            raise EvidenceRefused(Refusal.DAMAGED)
        match sent:
            case pikepdf.Dictionary() | pikepdf.Stream() | pikepdf.Array():
                return self._copy_whole(sent, reading, depth)
            case pikepdf.Name():
                return pikepdf.Name(str(sent))
            case pikepdf.String():
                return pikepdf.String(bytes(sent))
            case bool() | int() | float() | Decimal() | None:
                return sent
            case _:  # operators and inline images have no place outside of a drawing
                raise EvidenceRefused(Refusal.DAMAGED)

    def _copy_whole(self, sent: Any, reading: Reading, depth: int) -> Any:
        """What others may point at is copied once, and may point back at what it is part of."""
        if not sent.is_indirect:
            return self._fill(self._empty(sent), sent, reading, depth)
        place = (sent.objgen, reading)
        if place not in self._copied:
            self._copied[place] = self._made.make_indirect(self._empty(sent))
            self._fill(self._copied[place], sent, reading, depth)
        return self._copied[place]

    def _empty(self, sent: Any) -> Any:
        if isinstance(sent, pikepdf.Stream):
            return self._stream(sent)
        return pikepdf.Array() if isinstance(sent, pikepdf.Array) else pikepdf.Dictionary()

    def _fill(self, made: Any, sent: Any, reading: Reading, depth: int) -> Any:
        if isinstance(sent, pikepdf.Array):
            for each in sent:
                made.append(self._copy(each, "listed", depth + 1))
            return made
        for key in sent.keys():  # noqa: SIM118  # a stream would be read as its bytes
            inner = _reading_of(key, reading)
            if inner is not None and sent[key] is not None and not _is_postscript(sent[key]):
                made[key] = self._copy(sent[key], inner, depth + 1)
        return made

    def _stream(self, sent: pikepdf.Stream) -> pikepdf.Stream:
        filters = _filters_of(sent)
        if set(filters) <= _UNPACKED:
            _refuse_too_many_pixels(sent)
            return self._packed(self._unpacked(sent))
        if not set(filters[:-1]) <= _UNPACKED or filters[-1] not in _PICTURE_FILTERS:
            raise EvidenceRefused(Refusal.DAMAGED)
        _refuse_too_many_pixels(sent)
        raw = sent.read_raw_bytes()
        if filters[-1] in _JPEG_FILTERS and len(filters) == 1:
            check_jpeg(raw)
        self._count(len(raw))
        made = pikepdf.Stream(self._made, raw)
        made.Filter = self._copy(sent.Filter, "listed", 1)
        if "/DecodeParms" in sent:
            made.DecodeParms = self._copy(sent.DecodeParms, "listed", 1)
        return made

    def _unpacked(self, sent: pikepdf.Stream) -> bytes:
        if not set(_filters_of(sent)) <= _UNPACKED:
            raise EvidenceRefused(Refusal.DAMAGED)
        content = _decoded(sent)
        if len(content) > MOST_DRAWN and "/Width" not in sent:
            raise EvidenceRefused(Refusal.TOO_LARGE_PICTURE)
        self._count(len(content))
        return content

    def _packed(self, content: bytes) -> pikepdf.Stream:
        made = pikepdf.Stream(self._made, zlib.compress(content, 1 if len(content) > 1_000_000 else 6))
        made.Filter = pikepdf.Name.FlateDecode
        return made

    def _count(self, size: int) -> None:
        self._decoded += size
        if self._decoded > MOST_DECODED:
            raise EvidenceRefused(Refusal.TOO_LARGE_PICTURE)


def _decoded(sent: pikepdf.Stream) -> bytes:
    try:
        return sent.read_bytes()
    except pikepdf.DataDecodingError as broken:
        # qpdf has one error for what it cannot read and for what it has no room for.
        too_large = "bad_alloc" in str(broken)
        raise EvidenceRefused(Refusal.TOO_LARGE_PICTURE if too_large else Refusal.DAMAGED) from broken


def _reading_of(key: str, reading: Reading) -> Reading | None:
    """How what stands under `key` is read, or None when it stays behind."""
    match reading:
        case "map":
            return "listed"
        case "resources":
            return "map" if key in _RESOURCES else None
        case "listed":
            if key not in _LISTED:
                return None
            return "resources" if key == "/Resources" else "map" if key in _MAPS else "listed"


def _filters_of(sent: pikepdf.Stream) -> list[str]:
    filters = sent.get("/Filter")
    if filters is None:
        return []
    return [str(each) for each in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]


def _is_postscript(sent: Any) -> bool:
    """A program for a printer in the place of a picture."""
    return isinstance(sent, pikepdf.Stream) and sent.get("/Subtype") == pikepdf.Name.PS


def _refuse_too_many_pixels(sent: pikepdf.Stream) -> None:
    width, height = sent.get("/Width", 0), sent.get("/Height", 0)
    if isinstance(width, int) and isinstance(height, int) and width * height > MOST_PIXELS[JPEG]:
        raise EvidenceRefused(Refusal.TOO_LARGE_PICTURE)

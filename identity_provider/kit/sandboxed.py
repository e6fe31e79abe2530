"""Answering with a file that somebody sent: cleaned, and even so shown where it can do nothing."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

from identity_provider.domain.evidence import EXTENSIONS, shown_name

# Without an origin, without scripts, forms, plugins, links that open windows, or anything that it could load.
_POLICY = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors {framed_by}"


def sandboxed_file(
    content: bytes, media_type: str, *, name: str, attachment: bool = False, framed: bool = False
) -> Response:
    """The file as a response that no browser takes for anything else, keeps, or lets act in our name.

    `framed` lets pages of our own show it in a frame. Raises ValueError for a media type that no cleaned file has.
    """
    if media_type not in EXTENSIONS:
        raise ValueError(f"{media_type} is no cleaned file")
    response = Response(content, mimetype=media_type)
    response.headers.update(
        {
            "Content-Disposition": _disposition(shown_name(name, media_type), attachment=attachment),
            "Content-Security-Policy": _POLICY.format(framed_by="'self'" if framed else "'none'"),
            "X-Frame-Options": "SAMEORIGIN" if framed else "DENY",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
    )
    return response


def _disposition(name: str, *, attachment: bool) -> str:
    """The name twice, as RFC 6266 (section 4.3) has it: in ASCII, and in full for who reads RFC 8187."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    how = "attachment" if attachment else "inline"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

"""A bucket that speaks as much of S3 as evidence needs: PUT, GET, DELETE and a listing (S3 API reference, v2)."""

from __future__ import annotations

from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

NAME = "evidence"


class Bucket:
    """`with Bucket() as bucket:`; `refuses` is the status that it answers everything with."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.refuses: int | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Wire", (_Wire,), {"bucket": self}))

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens, without TLS."""
        return self._server.server_port

    @property
    def environment(self) -> dict[str, str]:
        """What the operator would set."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "eu-west-2",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "a-secret-for-tests",
        }


class _Wire(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self._serves():
            self.bucket.objects[self._key] = (content, datetime.now(UTC))
            self._answer(200, b"")

    def do_GET(self) -> None:
        if not self._serves():
            return
        asked = urlsplit(self.path)
        if "list-type" in asked.query:
            self._answer(200, self._listing(parse_qs(asked.query).get("prefix", [""])[0]).encode())
        elif self._key in self.bucket.objects:
            self._answer(200, self.bucket.objects[self._key][0])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_DELETE(self) -> None:
        if self._serves():
            self.bucket.objects.pop(self._key, None)
            self._answer(204, b"")

    def do_POST(self) -> None:
        """Deleting several at once is asked for in XML."""
        content = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self._serves():
            keys = [piece.partition("</Key>")[0] for piece in content.split("<Key>")[1:]]
            for key in keys:
                self.bucket.objects.pop(key, None)
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, f'<?xml version="1.0"?><DeleteResult>{deleted}</DeleteResult>'.encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{NAME}/")

    def _serves(self) -> bool:
        if self.bucket.refuses is not None:
            self._answer(self.bucket.refuses, b"<Error><Code>AccessDenied</Code></Error>")
        return self.bucket.refuses is None

    def _listing(self, prefix: str) -> str:
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>e</ETag><Size>{len(content)}</Size></Contents>"
            for key, (content, at) in self.bucket.objects.items()
            if key.startswith(prefix)
        )
        head = f"<Name>{NAME}</Name><Prefix>{escape(prefix)}</Prefix><IsTruncated>false</IsTruncated>"
        return f'<?xml version="1.0"?><ListBucketResult>{head}{entries}</ListBucketResult>'

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Mon, 02 Mar 2026 09:00:00 GMT")
        self.end_headers()
        self.wfile.write(content)

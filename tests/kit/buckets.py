"""A bucket that speaks as much of S3 as evidence needs, and so much of Azure's and Google's that files come and go."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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

    def microsofts(self) -> dict[str, str]:
        """What the operator would set for Azure."""
        return {
            "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "AZURE_ALLOW_HTTP": "true",
            "AZURE_STORAGE_ACCOUNT_NAME": "tests",
            "AZURE_STORAGE_ACCOUNT_KEY": "YS1rZXktZm9yLXRlc3Rz",
        }

    def googles(self, place: Path) -> dict[str, str]:
        """What the operator would set for Google: a file that says who we are, here to nobody."""
        file = place / "service-account.json"
        address = {"gcs_base_url": f"http://127.0.0.1:{self.port}", "disable_oauth": True}
        file.write_text(json.dumps(address | {"client_email": "", "private_key": "", "private_key_id": ""}))
        return {"GOOGLE_SERVICE_ACCOUNT": str(file), "GOOGLE_ALLOW_HTTP": "true"}

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


_BATCH = b"--batch\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n--batch--\r\n"


def _key_in(path: str) -> str:
    return unquote(urlsplit(path).path).removeprefix(f"/{NAME}/")


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
        """Deleting several at once: S3 takes a list in XML, Azure a batch of requests, here of one."""
        content = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if not self._serves():
            return
        if "comp=batch" in self.path:
            [line] = [each for each in content.splitlines() if each.startswith("DELETE ")]
            self.bucket.objects.pop(_key_in(line.split()[1]), None)
            self._answer(202, _BATCH, "multipart/mixed; boundary=batch")
        else:
            keys = [piece.partition("</Key>")[0] for piece in content.split("<Key>")[1:]]
            for key in keys:
                self.bucket.objects.pop(key, None)
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, f'<?xml version="1.0"?><DeleteResult>{deleted}</DeleteResult>'.encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""

    @property
    def _key(self) -> str:
        return _key_in(self.path)

    def _serves(self) -> bool:
        refused = self.bucket.refuses  # which a test changes as soon as it has the answer
        if refused is not None:
            self._answer(refused, b"<Error><Code>AccessDenied</Code></Error>")
        return refused is None

    def _listing(self, prefix: str) -> str:
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>e</ETag><Size>{len(content)}</Size></Contents>"
            for key, (content, at) in self.bucket.objects.items()
            if key.startswith(prefix)
        )
        head = f"<Name>{NAME}</Name><Prefix>{escape(prefix)}</Prefix><IsTruncated>false</IsTruncated>"
        return f'<?xml version="1.0"?><ListBucketResult>{head}{entries}</ListBucketResult>'

    def _answer(self, status: int, content: bytes, kind: str = "application/xml") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Mon, 02 Mar 2026 09:00:00 GMT")
        self.end_headers()
        self.wfile.write(content)

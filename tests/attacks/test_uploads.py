"""Uploads that are too large, unmeasured, badly named, or arrive when there is no room: words, and nothing kept."""

from __future__ import annotations

import errno
import io
from typing import Any

import flask
import pytest
from flask import request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity_provider.domain.evidence import MOST_BYTES, EvidenceRefused
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.evidence_files import MOST_UPLOADED, take_in
from identity_provider.kit.filters import accepts_upload
from tests.kit.gallery import a_gallery
from tests.services.test_evidence import PHOTO


@open_to(Audience.ANYONE)
@csrf_exempt("a page for tests")
@accepts_upload(MOST_UPLOADED)
def take() -> tuple[str, int]:
    """As every page that takes files does it."""
    try:
        return take_in(request.files.get("file")).name, 200
    except EvidenceRefused as refused:
        return str(refused.words), 422


@pytest.fixture
def visitor() -> FlaskClient:
    app = a_gallery()
    app.add_url_rule("/upload", view_func=take, methods=["POST"])
    return app.test_client()


def uploaded(visitor: FlaskClient, content: bytes, name: str = "photo.jpg", to: str = "/upload") -> TestResponse:
    """Post the file, as a body that is made here: what the test client makes it lies in files that it forgets."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--b--\r\n"
    return visitor.post(to, data=body, content_type="multipart/form-data; boundary=b")


def test_a_photo_of_ten_megabytes_is_taken(visitor: FlaskClient) -> None:
    answer = uploaded(visitor, PHOTO + bytes(MOST_BYTES - len(PHOTO)))
    assert (answer.status_code, answer.text) == (200, "photo.jpg")


def test_a_larger_one_is_refused_in_words_on_the_page(visitor: FlaskClient) -> None:
    answer = uploaded(visitor, PHOTO + bytes(MOST_BYTES))
    assert (answer.status_code, answer.text) == (422, "The selected file must be 10MB or smaller")


def test_one_far_larger_is_not_even_read(visitor: FlaskClient) -> None:
    answer = uploaded(visitor, bytes(MOST_UPLOADED))
    assert answer.status_code == 413
    assert "smaller file" in answer.text


def test_other_pages_take_no_more_than_before(visitor: FlaskClient) -> None:
    assert uploaded(visitor, bytes(2_000_000), to="/email").status_code == 413


def test_an_upload_without_a_length_is_411(visitor: FlaskClient) -> None:
    assert visitor.post("/upload", headers={"Transfer-Encoding": "chunked"}).status_code == 411


def test_no_file_is_an_empty_one(visitor: FlaskClient) -> None:
    for data in ({}, {"file": "text in the place of a file"}, {"file": (io.BytesIO(PHOTO), "")}):
        answer = visitor.post("/upload", data=data, content_type="multipart/form-data")
        assert (answer.status_code, answer.text) == (422, "The selected file is empty")


@pytest.mark.parametrize(
    "name", ["../../../../etc/cron.d/evil.jpg", "\u202egpj.exe", "a" * 3_000 + ".jpg", "CON", "~root"]
)
def test_the_name_of_a_file_leads_nowhere(visitor: FlaskClient, name: str) -> None:
    answer = uploaded(visitor, PHOTO, name)
    assert answer.status_code == 200
    assert "/" not in answer.text
    assert len(answer.text) <= 100


def test_a_name_with_nul_is_refused(visitor: FlaskClient) -> None:
    assert uploaded(visitor, PHOTO, "a\0.jpg").status_code == 400


class FullDisk(io.BytesIO):
    """A temporary file for which there is no room."""

    def write(self, content: Any) -> int:  # noqa: ARG002  # as every file is written to
        raise OSError(errno.ENOSPC, "No space left on device")


def test_when_the_disk_is_full_the_person_is_told_and_may_come_again(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flask.Request, "_get_file_stream", lambda *_sizes, **_named: FullDisk())
    answer = uploaded(visitor, PHOTO)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Try again in a minute" in answer.text

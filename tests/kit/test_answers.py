"""Headers, refusals and error pages of every response, as in the attacks 14 to 17, 21, 23 and 46 of oidc.md."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from identity_provider.kit.static_files import VERSION
from tests.kit.gallery import a_gallery
from tests.kit.page import Browser

LARGE = 1_000_001


@pytest.fixture(scope="module")
def gallery() -> Flask:
    return a_gallery()


@pytest.fixture
def visitor(gallery: Flask) -> FlaskClient:
    gallery.config["PROPAGATE_EXCEPTIONS"] = False
    return gallery.test_client()


def test_a_page_may_be_neither_framed_nor_kept_nor_told_of(visitor: FlaskClient) -> None:
    headers = visitor.get("/email").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "ETag" not in headers
    assert "Strict-Transport-Security" not in headers


def test_over_https_the_browser_is_told_to_stay_there() -> None:
    visitor = a_gallery(issuer="https://identity.example.gov.uk").test_client()
    told = visitor.get("/cookies").headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains"


def test_only_the_origin_of_the_journeys_service_is_added_to_form_action(visitor: FlaskClient) -> None:
    policy = visitor.get("/email").headers["Content-Security-Policy"]
    assert "form-action 'self' https://service.example.com;" in policy
    assert "form-action 'self';" in visitor.get("/done").headers["Content-Security-Policy"]


def test_a_style_sheet_is_kept_for_a_year_under_an_address_of_its_content(visitor: FlaskClient) -> None:
    found = re.search(r'href="([^"]*kit\.css)"', visitor.get("/").text)
    assert found
    response = visitor.get(found[1])
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.mimetype == "text/css"


def test_another_releases_address_gives_the_file_but_not_to_keep(visitor: FlaskClient) -> None:
    response = visitor.get("/static/0000/kit.css")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize("name", ["MANIFEST.json", "../kit.py", "%2e%2e/kit.css", "nothing.css"])
def test_nothing_else_is_served_as_static(visitor: FlaskClient, name: str) -> None:
    assert visitor.get(f"/static/{VERSION}/{name}").status_code == 404


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 429, 500, 503])
def test_every_error_has_a_page_with_a_way_on_and_a_reference(gallery: Flask, status: int) -> None:
    page = Browser(gallery).get(f"/fails/{status}")
    assert page.status == status
    assert page.response.headers["X-Request-Id"] in page.text
    assert "contact us" in page.links


def test_an_error_of_ours_shows_no_traceback_and_its_reference_is_in_the_log(
    visitor: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    response = visitor.get("/breaks/badly")
    assert response.status_code == 500
    assert "badly" not in response.text.replace("/breaks/badly", "")
    assert "Traceback" not in response.text
    assert response.headers["Content-Security-Policy"]
    assert response.headers["X-Request-Id"] in capsys.readouterr().out


def test_a_database_that_is_down_is_503_with_retry_after(visitor: FlaskClient) -> None:
    response = visitor.get("/breaks/database")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "SELECT" not in response.text


def test_a_page_that_failed_can_be_opened_again_whole(gallery: Flask) -> None:
    page = Browser(gallery).get("/fails/503?state=a%26b")
    assert page.links["Open the page again"] == "/fails/503?state=a%26b"
    posted = Browser(gallery).post("/fails/503", token=False)
    assert (posted.status, posted.links["Open the page again"]) == (400, "/fails/503")


def test_a_wrong_method_names_the_right_ones(visitor: FlaskClient) -> None:
    response = visitor.post("/done")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_a_form_without_our_token_is_refused_with_a_way_on(gallery: Flask) -> None:
    page = Browser(gallery).post("/email", token=False, email="a@example.com")
    assert (page.status, page.h1) == (400, "This page is out of date")
    assert page.links["Open the page again"] == "/email"


def test_another_browsers_token_is_refused(gallery: Flask) -> None:
    theirs = Browser(gallery).get("/email").form().values["csrf_token"][0]
    ours = Browser(gallery)
    ours.get("/email")
    assert ours.post("/email", token=False, csrf_token=theirs, email="a@example.com").status == 400


def test_the_api_answers_errors_as_problem_json(visitor: FlaskClient) -> None:
    response = visitor.post("/api/v1/thing?fails=409")
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert response.json["status"] == 409


@pytest.mark.parametrize(
    ("status", "error"), [(400, "invalid_request"), (429, "temporarily_unavailable"), (500, "server_error")]
)
def test_the_token_endpoint_answers_errors_as_oauth_does(visitor: FlaskClient, status: int, error: str) -> None:
    response = visitor.post(f"/connect/token?fails={status}")
    assert (response.status_code, response.json and response.json["error"]) == (status, error)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/%00", "/email?x=%00", "/email?x=%ff", "/email?%c3%28=1"])
def test_an_unreadable_address_is_400(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code == 400
    assert visitor.get("/", environ_overrides={"PATH_INFO": "/\xff"}).status_code == 400


@pytest.mark.parametrize("body", [b"email=%00", b"email=%ff", b"email=\xff", b"em%00ail=x"])
def test_an_unreadable_form_is_400(visitor: FlaskClient, body: bytes) -> None:
    response = visitor.post("/connect/token", data=body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400


def test_an_unreadable_part_of_a_form_is_400(visitor: FlaskClient) -> None:
    for value in (b"a\0b", b"\xff"):
        body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + value + b"\r\n--x--\r\n"
        response = visitor.post("/connect/token", data=body, content_type="multipart/form-data; boundary=x")
        assert response.status_code == 400


@pytest.mark.parametrize("body", ['{"a": "\\u0000"}', '{"a": ["\\ud800"]}', '{"\\u0000": 1}'])
def test_json_that_spells_out_what_cannot_be_stored_is_400(visitor: FlaskClient, body: str) -> None:
    assert visitor.post("/api/v1/thing", data=body, content_type="application/json").status_code == 400


def test_json_that_is_readable_or_no_json_is_for_the_view(visitor: FlaskClient) -> None:
    for body in (json.dumps({"a": ["\\u0000", {"b": None}]}), "{", "[" * 100_000):
        assert visitor.post("/api/v1/thing", data=body, content_type="application/json").status_code == 200


def test_a_body_that_is_too_large_is_413(visitor: FlaskClient) -> None:
    assert visitor.post("/email", data=b"a" * LARGE, content_type="text/plain").status_code == 413


def test_too_many_fields_are_413(visitor: FlaskClient) -> None:
    urlencoded = "&".join(f"f{number}=1" for number in range(1_001))
    form = "application/x-www-form-urlencoded"
    assert visitor.post("/connect/token", data=urlencoded, content_type=form).status_code == 413
    parts = {f"f{number}": "1" for number in range(1_001)}
    assert visitor.post("/connect/token", data=parts, content_type="multipart/form-data").status_code == 413
    assert visitor.get(f"/email?{urlencoded}").status_code == 413


def test_an_address_that_is_too_long_is_414(visitor: FlaskClient) -> None:
    assert visitor.get("/email?state=" + "a" * 100_000).status_code == 414


def test_a_body_without_a_length_is_411(visitor: FlaskClient) -> None:
    response = visitor.post("/connect/token", headers={"Transfer-Encoding": "chunked"})
    assert response.status_code == 411


def test_a_packed_body_is_not_unpacked(visitor: FlaskClient) -> None:
    bomb = gzip.compress(b"a" * 10_000_000)
    response = visitor.post("/api/v1/thing", data=bomb, headers={"Content-Encoding": "gzip"})
    assert response.status_code == 200
    assert response.text == "answered"


@pytest.mark.parametrize("host", ["evil.example", "evil.example%0d%0aSet-Cookie:x=1"])
def test_the_host_header_is_not_believed(visitor: FlaskClient, host: str) -> None:
    response = visitor.get("/", headers={"Host": host})
    assert "evil" not in response.text
    assert "evil" not in str(response.headers)


def test_a_line_break_does_not_get_into_a_header_and_markup_not_into_a_page(visitor: FlaskClient) -> None:
    response = visitor.get("/email?ui_locales=cy%0d%0aSet-Cookie:x=1<script>alert(1)</script>")
    assert "x=1" not in str(response.headers)
    assert "<script>alert" not in response.text

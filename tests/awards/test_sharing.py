"""The person sees an award, downloads a certificate that a screen reader can read, and decides who may check it."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryMailer
from identity_provider.adapters.typesetting import NotTypeset, typeset
from identity_provider.db import transaction
from identity_provider.domain.awards import ALPHABET, Qualification, as_kept, new_code
from identity_provider.models import AwardCheck, AwardCode
from identity_provider.services import award_codes, awards, erasure, rate_limits, retention, subject_access
from identity_provider.services.audit import SYSTEM
from identity_provider.services.award_codes import CodeState, Looking
from identity_provider.web.awards import certificate
from tests.awards.recorded import BORN, a_code, an_award, anew, at_home
from tests.builders import NOW, a_user
from tests.console.agents import audited
from tests.journeys.travel import count_of
from tests.test_jobs import work


def check(code: str, born: date = BORN, who: Looking | None = None, **more: Any) -> AwardCheck | None:
    with transaction():
        return award_codes.check(code, born, who or Looking(), now=more.get("now", NOW))


@pytest.mark.parametrize("trn", ["1234567", None])
def test_a_person_sees_their_award_with_and_without_a_trn(app: Flask, trn: str | None) -> None:
    award = an_award(a_user(trn=trn))
    person = at_home(app, award.user)
    assert "NPQ) for Senior Leadership" in person.get("/account/awards").text
    page = person.click("National Professional Qualification (NPQ) for Senior Leadership")
    assert page.path == f"/account/awards/{award.id}"
    for told in (award.user.name.full, "Example College", "15 January 2026", award.provider_reference):
        assert told in page.text
    assert person.get("/account/awards").links["Awards"] == "/account/awards"


def structure(part: Any) -> list[str]:
    """The kinds of elements that a screen reader meets, in order."""
    if isinstance(part, pikepdf.Array):
        return [kind for each in part for kind in structure(each)]
    if not isinstance(part, pikepdf.Dictionary) or "/S" not in part:
        return []
    return [str(part.S), *structure(part.get("/K", pikepdf.Array()))]


@pytest.mark.parametrize(("language", "title"), [("en", "Certificate of award"), ("cy", "Tystysgrif dyfarniad")])
def test_the_certificate_is_a_tagged_pdf_in_the_language_of_the_page(app: Flask, language: str, title: str) -> None:
    award = an_award(a_user(first_name="Siobhán", last_name="Łukasiewicz-محمد"))
    answer = at_home(app, award.user).client.get(f"/account/awards/{award.id}/certificate.pdf?ui_locales={language}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename=NPQSL-certificate.pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    with pikepdf.open(BytesIO(answer.data)) as document:
        assert str(document.Root.Lang) == language
        assert str(document.docinfo.Title) == title
        assert bool(document.Root.MarkInfo.Marked)
        assert document.open_metadata()["pdfuaid:part"] == "1"
        assert structure(document.Root.StructTreeRoot.K)[:3] == ["/Document", "/H1", "/P"]
    assert len(audited("award_certificate_made")) == 1


def test_a_name_is_a_value_and_never_part_of_the_source(app: Flask) -> None:
    award = an_award(a_user(first_name='#read("/etc/passwd")', last_name="*_$x$_* \\ ] #"))
    assert certificate.certificate_of(certificate.words_of(award)).startswith(b"%PDF-")


def test_a_name_that_no_font_has_is_said_so_and_the_award_stands(app: Flask) -> None:
    award = an_award(a_user(first_name="\U000e0041\U00012000"))
    page = at_home(app, award.user).get(f"/account/awards/{award.id}/certificate.pdf")
    assert (page.status, page.h1) == (422, "We cannot make the certificate")


def test_a_document_without_end_is_given_up(app: Flask, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "endless.typ"
    endless.write_text("#set document(title: [a])\n#for a in range(99999) { for b in range(99999) { let c = a + b } }")
    monkeypatch.setattr("identity_provider.adapters.typesetting.SECONDS", 1)
    with pytest.raises(NotTypeset):
        typeset(endless, {})


def test_the_child_knows_nothing_of_the_service(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    award, given = an_award(), []
    run = subprocess.run

    def noting(*command: Any, **more: Any) -> Any:
        given.append(more["env"])
        return run(*command, **more)

    monkeypatch.setattr("identity_provider.adapters.typesetting.subprocess.run", noting)
    assert certificate.certificate_of(certificate.words_of(award)).startswith(b"%PDF-")
    assert given == [{}]


def test_certificates_are_made_so_often_a_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "CERTIFICATES_MADE", rate_limits.Limit("certificates_made", 1, timedelta(days=1)))
    award = an_award()
    person = at_home(app, award.user)
    path = f"/account/awards/{award.id}/certificate.pdf"
    assert [person.get(path).status for _ in range(2)] == [200, 429]


def test_the_certificate_is_sent_as_a_link_that_wants_a_sign_in(app: Flask, mailer: MemoryMailer) -> None:
    award = an_award()
    work()
    mailer.sent.clear()
    person = at_home(app, award.user)
    person.get(f"/account/awards/{award.id}")
    assert award.user.email in person.submit("Email me the certificate").response.text
    work()
    [sent] = mailer.sent
    path = f"/account/awards/{award.id}/certificate.pdf"
    assert (sent.to, path in sent.text) == (award.user.email, True)
    stranger = app.test_client().get(path)
    assert (stranger.status_code, stranger.location.startswith("/account/sign-in?next=")) == (303, True)


def test_a_code_is_shown_once_and_kept_hashed(app: Flask) -> None:
    award = an_award()
    person = at_home(app, award.user)
    person.get(f"/account/awards/{award.id}/share")
    page = person.submit(given_to="Sunnyside Primary", lifetime="week")
    [shown] = [each for each in page.text.split() if each.count("-") == 3]
    [code] = award_codes.codes_of(award)
    assert as_kept(shown).encode() not in code.code_hmac
    assert code.expires_at == NOW + timedelta(days=7)
    again = person.get(f"/account/awards/{award.id}")
    assert ("Sunnyside Primary" in again.text, "In use" in again.text, shown in again.text) == (True, True, False)
    looked = check(shown)
    assert looked is not None


def test_codes_cannot_be_guessed_or_misread() -> None:
    assert len(ALPHABET) ** 16 > 2**60
    assert not set("01OIL5SAEU") & set(ALPHABET)
    made = new_code()
    assert as_kept(made) == as_kept(f" {made.lower().replace('-', ' ')} ") == made.replace("-", "")
    assert as_kept("8Z-Ub") == "82V8"


def test_the_person_sees_who_looked_and_when_and_hears_of_it_once_a_day(app: Flask, mailer: MemoryMailer) -> None:
    award = an_award()
    code, shown = a_code(award, "Sunnyside Primary")
    who = Looking("Hillside <b>School</b>", "Interview")
    look, again = check(shown, who=who), check(shown, who=who)
    assert look is not None
    assert again is not None
    work()
    told = [each for each in mailer.sent if each.subject == "Somebody checked your award"]
    assert len(told) == 1
    assert "Hillside" not in told[0].text, "no stranger writes to them through us"
    page = at_home(app, award.user).get(f"/account/awards/{award.id}")
    for seen in ("2 March 2026 at 9:00am", "Sunnyside Primary", "Hillside <b>School</b>", "Interview", look.reference):
        assert seen in page.text
    assert [each.after["code"] for each in audited("award_checked")] == [str(code.id)] * 2


def test_a_code_ends_when_the_person_ends_it_and_when_its_time_is_over(app: Flask, clock: ManualClock) -> None:
    award = an_award()
    (ended, first), (old, second) = a_code(award, "A"), a_code(award, "B", timedelta(days=7))
    person = at_home(app, award.user)
    person.get(f"/account/awards/{award.id}/codes/{ended.id}")
    assert "does not work any more" in person.submit("End this code").response.text
    assert check(first) is None
    assert check(second, now=NOW + timedelta(days=7)) is None
    assert check(second, now=NOW + timedelta(days=6)) is not None
    clock.advance(timedelta(days=8))
    states = [award_codes.state_of(anew(each), clock.now()) for each in (ended, old)]
    assert states == [CodeState.REVOKED, CodeState.EXPIRED]


def test_a_withdrawn_award_has_no_certificate_and_no_new_codes(app: Flask) -> None:
    award = an_award()
    person = at_home(app, award.user)
    with transaction():
        awards.withdraw(award.user, award.provider_reference, "By mistake", client=award.client, now=NOW)
    page = person.get(f"/account/awards/{award.id}/certificate.pdf")
    assert (page.path, "By mistake" in page.text) == (f"/account/awards/{award.id}", True)
    assert person.get(f"/account/awards/{award.id}/share").path == f"/account/awards/{award.id}"


def test_there_is_an_end_to_codes_in_use(app: Flask) -> None:
    award = an_award()
    for _ in range(award_codes.MOST_CODES):
        a_code(award)
    person = at_home(app, award.user)
    person.get(f"/account/awards/{award.id}/share")
    page = person.submit(given_to="One more", lifetime="week")
    assert (page.status, page.errors) == (422, ["You have too many codes for this award. End one of them first."])


def test_erasure_takes_awards_codes_and_looks_and_export_tells_of_them(app: Flask) -> None:
    award = an_award(qualification=Qualification.NPQEL)
    _, shown = a_code(award, "Sunnyside Primary")
    check(shown, who=Looking("Hillside School"))
    told = subject_access.everything_about(award.user, now=NOW)
    assert told["awards"][0]["qualification"] == "NPQEL"
    assert told["codes_that_share_awards"][0]["given_to"] == "Sunnyside Primary"
    assert "code_hmac" not in told["codes_that_share_awards"][0]
    assert told["who_looked_at_awards"][0]["organisation"] == "Hillside School"
    with transaction():
        erasure.erase(award.user, actor=SYSTEM, reason="asked for it", now=NOW)
    assert check(shown) is None
    assert count_of(AwardCode) == count_of(AwardCheck) == 0


def test_who_looked_is_kept_for_a_year_after_the_code_has_run_out(app: Flask) -> None:
    award = an_award()
    _, shown = a_code(award)
    check(shown)
    retention.remove_expired(NOW + timedelta(days=30 + 365))
    assert count_of(AwardCheck) == 1
    retention.remove_expired(NOW + timedelta(days=30 + 366))
    assert count_of(AwardCode) == count_of(AwardCheck) == 0
    assert anew(award).qualification == Qualification.NPQSL

"""Files of strangers against the real cleaning process: the right refusal for each, and nothing of it kept."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
import typst
from pikepdf import Pdf
from PIL import Image, ImageChops

from identity_provider.adapters.cleaning.documents import clean_document
from identity_provider.adapters.file_cleaning import ROOT, CleaningProcess
from identity_provider.domain.evidence import JPEG, MOST_BYTES, PDF, PNG, CleanedFile, EvidenceRefused, Refusal
from identity_provider.sandbox.clamd_wire import EICAR
from identity_provider.services import evidence
from tests.kit import files_of_strangers as strangers

# Made when they are asked for: some take a while.
REFUSED: dict[str, tuple[Callable[[], bytes], str, Refusal]] = {
    "nothing at all": (lambda: b"", "a.pdf", Refusal.EMPTY),
    "too large": (lambda: b"\xff\xd8\xff" + bytes(MOST_BYTES), "a.jpg", Refusal.TOO_LARGE),
    "a photo of an iPhone": (lambda: strangers.HEIC, "IMG_0001.HEIC", Refusal.HEIC),
    "one that was renamed": (lambda: strangers.HEIC, "IMG_0001.jpg", Refusal.HEIC),
    "a program": (lambda: strangers.PROGRAM, "passport.exe", Refusal.NOT_SUPPORTED),
    "a program that is named like a photo": (lambda: strangers.PROGRAM, "passport.jpg", Refusal.WRONG_CONTENTS),
    "a page that is named like a picture": (lambda: strangers.WEB_PAGE, "passport.PNG", Refusal.WRONG_CONTENTS),
    "a document for Word": (strangers.an_archive, "passport.docx", Refusal.NOT_SUPPORTED),
    "EICAR by itself": (lambda: EICAR, "passport.pdf", Refusal.WRONG_CONTENTS),
    "a moving picture": (lambda: strangers.GIF, "passport.gif", Refusal.NOT_SUPPORTED),
    "a photo that was cut off": (lambda: strangers.jpeg()[:-200], "a.jpg", Refusal.DAMAGED),
    "a picture that was cut off": (lambda: strangers.png()[:-100], "a.png", Refusal.DAMAGED),
    "the beginning of a photo": (lambda: b"\xff\xd8\xff\xe0", "a.jpg", Refusal.DAMAGED),
    "a picture of gigapixels": (strangers.png_bomb, "a.png", Refusal.TOO_LARGE_PICTURE),
    "the beginning of a PDF": (lambda: b"%PDF-1.7 and no more", "a.pdf", Refusal.DAMAGED),
    "a PDF that was cut off": (lambda: strangers.pdf(pages=20)[:-300], "a.pdf", Refusal.DAMAGED),
    "a PDF with a password": (lambda: strangers.locked("secret"), "a.pdf", Refusal.PASSWORD),
    "a PDF that grows": (lambda: strangers.pdf_bomb(60), "a.pdf", Refusal.TOO_LARGE_PICTURE),
    "a PDF of 51 pages": (lambda: strangers.pdf(pages=51), "a.pdf", Refusal.TOO_MANY_PAGES),
    "a PDF of no pages": (lambda: strangers.pdf(pages=0), "a.pdf", Refusal.DAMAGED),
    "a form that only another program shows": (
        lambda: strangers.pdf(strangers.form_that_only_another_program_shows),
        "a.pdf",
        Refusal.ACTIVE_CONTENTS,
    ),
    "a PDF with a picture of gigapixels": (strangers.pdf_with_huge_picture, "a.pdf", Refusal.TOO_LARGE_PICTURE),
    "a PDF of arrays in arrays": (lambda: strangers.pdf(strangers.arrays_without_end), "a.pdf", Refusal.DAMAGED),
}


def cleaned(content: bytes, name: str) -> CleanedFile:
    return evidence.clean(content, name, cleaner=CleaningProcess(seconds=120))


def opened(file: CleanedFile) -> Image.Image:
    return Image.open(io.BytesIO(file.content))


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_evidence_is_refused_for_what_it_is(what: str) -> None:
    make, name, reason = REFUSED[what]
    with pytest.raises(EvidenceRefused) as refused:
        cleaned(make(), name)
    assert refused.value.reason is reason


def test_a_photo_is_turned_the_right_way_up_and_keeps_nothing_but_its_pixels() -> None:
    file = cleaned(strangers.jpeg(orientation=6), "photo.JPG")
    made = opened(file)
    assert (file.media_type, made.size) == (JPEG, (300, 400))
    red, green, _blue = made.convert("RGB").getpixel((295, 5))  # type: ignore[misc]  # three bands
    assert (red > 200, green < 80) == (True, True)
    assert strangers.SECRET_PLACE.encode() not in file.content
    assert b"script" not in file.content
    assert dict(made.getexif()) == {}


def test_what_follows_a_photo_or_stands_before_a_pdf_does_not_survive() -> None:
    archive = strangers.an_archive()
    photo = cleaned(strangers.jpeg() + archive, "photo.jpg")
    assert b"malware.exe" not in photo.content
    picture = cleaned(strangers.png() + strangers.WEB_PAGE, "photo.png")
    assert b"script" not in picture.content
    document = cleaned(strangers.GIF + strangers.pdf() + archive, "photo.pdf")
    assert document.content.startswith(b"%PDF-")
    assert b"malware.exe" not in document.content
    assert b"GIF89a" not in document.content


def test_a_slip_in_the_name_is_forgiven() -> None:
    assert cleaned(strangers.jpeg(), "marriage certificate.pdf").media_type == JPEG


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
def test_pictures_of_every_kind_become_plain_ones_on_white(mode: str) -> None:
    file = cleaned(strangers.png(strangers.picture(mode="L" if mode == "I;16" else mode).convert(mode)), "a.png")
    assert (file.media_type, opened(file).mode in {"L", "RGB"}) == (PNG, True)


def test_a_photo_of_56_megapixels_is_made_smaller_within_the_limits() -> None:
    file = cleaned(strangers.jpeg(Image.new("RGB", (8_000, 7_000))), "a.jpg")
    assert max(opened(file).size) == 3_000


def test_a_file_that_only_its_owner_may_change_is_taken_with_its_photos() -> None:
    out, locked = io.BytesIO(), io.BytesIO()
    strangers.picture().save(out, "PDF")
    with pikepdf.open(out) as made:
        made.save(locked, encryption=pikepdf.Encryption(owner="the owner's", user=""))
    file = cleaned(locked.getvalue(), "statement.pdf")
    with pikepdf.open(io.BytesIO(file.content)) as made:
        assert not made.is_encrypted
        [image] = made.pages[0].get_images().values()
        assert isinstance(image, pikepdf.Stream)
        assert pikepdf.PdfImage(image).as_pil_image().getpixel((5, 5))[0] > 200  # type: ignore[index]  # red


@pytest.mark.parametrize("harm", strangers.HARMS)
def test_a_pdf_keeps_what_is_drawn_and_loses_everything_else(harm: Callable[[Pdf], None]) -> None:
    sent = strangers.pdf(harm)
    assert b"HARM" in strangers.everything_in(sent), "the file is as harmless as that"
    left = strangers.everything_in(clean_document(sent).content)
    assert b"100 100 200 200 re f" in left
    assert b"HARM" not in left
    for word in (b"/JavaScript", b"/JS", b"/AA", b"/OpenAction", b"/Launch", b"/URI", b"/Annots", b"/Names", b"/EF"):
        assert word not in left


def test_what_was_filled_in_is_still_to_be_seen() -> None:
    left = strangers.everything_in(cleaned(strangers.pdf(strangers.form_that_was_filled_in), "form.pdf").content)
    assert b"1 0 0 rg 0 0 50 20 re f" in left
    assert b"/AcroForm" not in left


def test_a_drawing_that_draws_itself_does_not_keep_us_for_ever() -> None:
    assert clean_document(strangers.pdf(strangers.drawing_that_draws_itself)).pages == 1


CERTIFICATE = b"""#set page(width: 10cm, height: 6cm)
= Certificate of marriage
#rect(fill: gradient.linear(red, blue), width: 4cm, height: 1cm)
Kate O\xe2\x80\x99Shaughnessy $ integral x dif x $ #link("https://example.org")[more]"""


def seen(document: bytes, place: Path) -> bytes:
    """The first page, as somebody sees it."""
    (place / "seen.pdf").write_bytes(document)
    (place / "page.typ").write_text('#set page(width: auto, height: auto, margin: 0pt)\n#image("seen.pdf")')
    return bytes(typst.compile(place / "page.typ", root=place, format="png", ppi=60.0))


def test_a_document_looks_as_it_did(tmp_path: Path) -> None:
    """With fonts, ligatures, a gradient and a formula; its link leads nowhere now."""
    sent = bytes(typst.compile(CERTIFICATE, format="pdf"))
    left = clean_document(sent).content
    before, after = (Image.open(io.BytesIO(seen(each, tmp_path))).convert("L") for each in (sent, left))
    assert ImageChops.difference(before, after).point(lambda grey: 255 * (grey > 2)).getbbox() is None
    assert b"example.org" in strangers.everything_in(sent)
    assert b"example.org" not in strangers.everything_in(left)


def test_photos_in_a_pdf_arrive() -> None:
    out = io.BytesIO()
    strangers.picture().save(out, "PDF", save_all=True, append_images=[strangers.picture(mode="L")])
    file = clean_document(out.getvalue())
    with pikepdf.open(io.BytesIO(file.content)) as made:
        [image] = made.pages[0].get_images().values()
        assert isinstance(image, pikepdf.Stream)
        assert pikepdf.PdfImage(image).as_pil_image().size == (400, 300)
    assert (file.media_type, file.pages) == (PDF, 2)


def test_a_broken_photo_in_a_pdf_is_noticed() -> None:
    out = io.BytesIO()
    strangers.picture().save(out, "PDF")

    def cut(made: Pdf) -> None:
        [image] = made.pages[0].get_images().values()
        image.write(image.read_raw_bytes()[:-300], filter=pikepdf.Name.DCTDecode)

    with pikepdf.open(io.BytesIO(out.getvalue())) as made:
        cut(made)
        out = io.BytesIO()
        made.save(out)
    with pytest.raises(EvidenceRefused) as refused:
        clean_document(out.getvalue())
    assert refused.value.reason is Refusal.DAMAGED


def in_limits(statement: str) -> str:
    """The last words of a Python statement that is run as the cleaning program runs."""
    limits = "from identity_provider.adapters.cleaning.__main__ import limit_this_process as limit; limit(); "
    command = [sys.executable, "-c", f"import socket; {limits}{statement}"]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)
    return done.stderr.splitlines()[-1] if done.stderr else "it could"


@pytest.mark.parametrize(
    "statement, refusal",
    [
        ("open('/etc/hosts')", "OSError: [Errno 24]"),
        ("open('/tmp/left-behind', 'w')", "OSError: [Errno 24]"),
        ("socket.socket()", "OSError: [Errno 24]"),
        ("import os; os.pipe()", "OSError: [Errno 24]"),
        ("bytearray(512 * 1024 * 1024)", "MemoryError"),
    ],
)
def test_the_process_can_open_nothing_and_has_half_a_gigabyte(statement: str, refusal: str) -> None:
    assert in_limits(statement).startswith(refusal)


@pytest.mark.parametrize(
    "program, reason",
    [
        ("import time; time.sleep(600)", Refusal.TOOK_TOO_LONG),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", Refusal.TOOK_TOO_LONG),
        ("while True: print('a' * 1_000_000)", Refusal.DAMAGED),
        ("print('{}')", Refusal.DAMAGED),
        ("print('[1]')", Refusal.DAMAGED),
        ('print(\'{"refused": "because"}\')', Refusal.DAMAGED),
        ('print(\'{"media_type": "text/html", "pages": 1}\\n<script>\')', Refusal.DAMAGED),
        ("import os; os.abort()", Refusal.DAMAGED),
        ("", Refusal.DAMAGED),
    ],
)
def test_a_process_that_was_taken_over_or_died_is_not_believed(program: str, reason: Refusal) -> None:
    cleaner = CleaningProcess((sys.executable, "-c", program), seconds=1.5 if "sleep" in program else 120)
    with pytest.raises(EvidenceRefused) as refused:
        cleaner.clean(b"\xff\xd8\xff" + bytes(1_000_000), JPEG)
    assert refused.value.reason is reason


def test_when_no_process_can_be_started_the_person_is_asked_to_try_again() -> None:
    with pytest.raises(EvidenceRefused) as refused:
        CleaningProcess(("/nowhere/python",)).clean(b"\xff\xd8\xff", JPEG)
    assert refused.value.reason is Refusal.TRY_AGAIN_LATER

"""Every word of the kit's own screens can be said in another language, and is in the Welsh catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import identity_provider
from tests.kit.gallery import a_gallery
from tests.kit.html import find_all, parse

ROOT = Path(identity_provider.__file__).parent
WELSH = ROOT / "translations" / "cy" / "LC_MESSAGES"
OURS = (ROOT / "kit", ROOT / "web" / "pages", ROOT / "domain")
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "_l": None, "gettext": None, "lazy_gettext": None}
PAGES = ("/", "/cookies", "/privacy", "/accessibility", "/contact", "/nothing-here", "/fails/429", "/fails/503")
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def texts() -> set[str]:
    """Every text of the kit and of the pages that anybody may read."""
    found = [
        each
        for folder in OURS
        for each in extract_from_dir(folder, METHODS, {"**.html": {"trim_blocks": "true"}}, keywords=KEYWORDS)
    ]
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def welsh() -> dict[str, str]:
    """The source's texts and what is said for them; of a text that counts, its first form."""
    with (WELSH / "messages.po").open("rb") as source:
        return dict(_said(read_po(source)))


def _said(catalogue: Catalog) -> Iterator[tuple[str, str]]:
    for each in catalogue:
        text = each.id if isinstance(each.id, str) else each.id[0]
        if each.context:
            # Babel reads it out of compiled catalogues as bytes.
            context: object = each.context
            context = context.decode() if isinstance(context, bytes) else context
            text = f"{context}: {text}"
        said = each.string if isinstance(each.string, str) else (each.string or [""])[0]
        if text:
            yield text, said


def test_a_text_that_counts_is_said_in_all_its_forms_or_not_listed() -> None:
    """Without that, gettext would print nothing at all for a form that is empty."""
    with (WELSH / "messages.po").open("rb") as source:
        assert [each.id for each in read_po(source) if each.pluralizable and not all(each.string or ())] == []


def test_the_compiled_welsh_is_that_of_its_source() -> None:
    with (WELSH / "messages.mo").open("rb") as compiled:
        made = dict(_said(read_mo(compiled)))
    assert made == {text: said for text, said in welsh().items() if said}


def test_every_text_of_the_kit_is_said_in_welsh_with_its_placeholders() -> None:
    said = welsh()
    assert sorted(text for text in texts() if not said.get(text)) == []
    for text in texts():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(said[text]))


@pytest.fixture(scope="module")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Catalogues in which every text stands between brackets, under the name of Welsh."""
    folder = tmp_path_factory.mktemp("pseudo")
    catalogue = Catalog(locale="cy")
    for text in texts():
        catalogue.add(text, f"⟦{text}⟧")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    (folder / "cy" / "LC_MESSAGES").mkdir(parents=True)
    (folder / "cy" / "LC_MESSAGES" / "messages.mo").write_bytes(compiled.getvalue())
    return folder


def untranslated(html: str) -> Iterator[str]:
    """Words on the page that did not come out of the catalogue."""
    body = find_all(parse(html), "body")[0]
    for each in body.iter():
        if each.tag == "script":
            continue
        for text in (each.text or "", each.tail or ""):
            rest = re.sub(r"⟦[^⟧]*⟧|Get an identity|identity\.help@example\.org|\b[0-9a-f]{16}\b", "", text)
            if re.search(r"\w", rest):
                yield rest.strip()


@pytest.mark.parametrize("path", PAGES)
def test_no_word_of_a_page_is_said_past_the_catalogue(pseudo: Path, path: str) -> None:
    gallery = a_gallery(translations=str(pseudo))
    html = gallery.test_client().get(f"{path}?ui_locales=cy").text
    assert list(untranslated(html)) == []

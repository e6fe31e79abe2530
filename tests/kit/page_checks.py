"""What is expected of every HTML page that any test fetches, whatever the test is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from tests.kit.html import find_all, has_class, words

ERROR_PREFIXES = ("Error: ", "Gwall: ")
_LEFTOVER = re.compile(r"\bNone\b|\{\{|\}\}|\{%|%\(|object at 0x|&lt;|&amp;")

Resolves = Callable[[str, str], bool]
"""Whether a path can be asked for with a method."""


def problems_of(document: Element, headers: dict[str, str], resolves: Resolves) -> list[str]:
    """Everything that is wrong with the page, in words."""
    found = [
        *_heading(document),
        *_ids(document),
        *_labels(document),
        *_error_links(document),
        *_targets(document, headers.get("Content-Security-Policy", ""), resolves),
        *_inline_code(document),
        *_leftovers(document),
        *header_problems(headers),
    ]
    if not document.get("lang"):
        found.append("the page does not say its language")
    return found


def header_problems(headers: dict[str, str]) -> Iterator[str]:
    """What every response to a person must carry (oidc.md, attacks 14, 15, 46)."""
    policy = headers.get("Content-Security-Policy", "")
    for needed in (
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action",
    ):
        if needed not in policy:
            yield f"Content-Security-Policy lacks {needed}"
    if "unsafe" in policy:
        yield "Content-Security-Policy allows something unsafe"
    if headers.get("Referrer-Policy") != "no-referrer":
        yield "Referrer-Policy is not no-referrer"
    if headers.get("X-Frame-Options") != "DENY" or headers.get("X-Content-Type-Options") != "nosniff":
        yield "X-Frame-Options or X-Content-Type-Options is missing"
    if "no-store" not in headers.get("Cache-Control", "") or "ETag" in headers:
        yield "the page may be kept by a cache"


def _heading(document: Element) -> Iterator[str]:
    headings = find_all(document, "h1")
    if len(headings) != 1:
        yield f"{len(headings)} h1 headings instead of one"
        return
    title = words(next(iter(find_all(document, "title")), None))
    prefix = next((each for each in ERROR_PREFIXES if title.startswith(each)), "")
    if not title.removeprefix(prefix).startswith(words(headings[0])):
        yield f"the title {title!r} does not start with the heading {words(headings[0])!r}"
    has_errors = any(has_class(each, "govuk-error-summary") for each in find_all(document, "div"))
    if has_errors != bool(prefix):
        yield "the title does not agree with whether there are errors"


def _ids(document: Element) -> Iterator[str]:
    counted = Counter(each.get("id") for each in document.iter() if each.get("id"))
    yield from (f"the id {name!r} is used {count} times" for name, count in counted.items() if count > 1)
    for each in document.iter():
        for attribute in ("aria-describedby", "aria-labelledby"):
            missing = [name for name in each.get(attribute, "").split() if name not in counted]
            if missing:
                yield f"{attribute} names {missing}, which the page does not have"


def _labels(document: Element) -> Iterator[str]:
    labelled = {label.get("for") for label in find_all(document, "label") if words(label)}
    for control in find_all(document, "input", "select", "textarea"):
        if control.get("type") in {"hidden", "submit"}:
            continue
        named = control.get("aria-label") or control.get("aria-labelledby")
        if not named and control.get("id") not in labelled:
            yield f"the box {control.get('name')!r} has no label"
    for button in find_all(document, "button"):
        if "hidden" not in button.attrib and not words(button):
            yield "a button has no words"


def _error_links(document: Element) -> Iterator[str]:
    ids = {each.get("id") for each in document.iter() if each.get("id")}
    for link in find_all(document, "a"):
        target = link.get("href", "")
        if target.startswith("#") and target[1:] not in ids:
            yield f"the link {words(link)!r} leads to {target}, which the page does not have"
        if not words(link) and not link.get("aria-label"):
            yield f"the link to {target} has no words"


def _targets(document: Element, policy: str, resolves: Resolves) -> Iterator[str]:
    allowed = re.search(r"form-action ([^;]*)", policy)
    origins = allowed[1].split() if allowed else []
    for form in find_all(document, "form"):
        action = form.get("action", "")
        parts = urlsplit(action)
        if parts.netloc and f"{parts.scheme}://{parts.netloc}" not in origins:
            yield f"the form's action {action} is not allowed by form-action"
        elif parts.path and not parts.netloc and not resolves(parts.path, form.get("method", "get").upper()):
            yield f"the form's action {action} leads nowhere"
    for link in find_all(document, "a"):
        parts = urlsplit(link.get("href", ""))
        if parts.path and not parts.scheme and not parts.netloc and not resolves(parts.path, "GET"):
            yield f"the link {words(link)!r} to {parts.path} leads nowhere"


def _inline_code(document: Element) -> Iterator[str]:
    for each in document.iter():
        if each.tag == "style" or (each.tag == "script" and not each.get("src")):
            yield f"an inline <{each.tag}>"
        for name, value in each.attrib.items():
            if name == "style" or name.startswith("on") or value.strip().lower().startswith("javascript:"):
                yield f"the attribute {name}={value!r} is code"


def _leftovers(document: Element) -> Iterator[str]:
    """Words of the machine on the page; what is meant literally stands in <code>."""
    meant = {inner for code in find_all(document, "code") for inner in code.iter()}
    for each in document.iter():
        texts = [*each.attrib.values(), each.tail or ""] + ([] if each in meant else [each.text or ""])
        for text in texts:
            if found := _LEFTOVER.search(text):
                yield f"{found[0]!r} is left over in {text.strip()[:80]!r}"

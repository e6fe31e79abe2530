"""A page as a person meets it: its heading, words, links, forms and errors, out of strictly parsed HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

import html5lib

_INVISIBLE = frozenset({"script", "style", "template"})


def parse(html: str) -> Element:
    """The document. Refuses (ParseError) whatever the HTML standard calls a parse error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document: Element = parser.parse(html)
    return document


def words(element: Element | None) -> str:
    """The visible text, with single spaces."""
    return " ".join("".join(_texts(element)).split()) if element is not None else ""


def _texts(element: Element) -> Iterator[str]:
    if element.tag not in _INVISIBLE and "hidden" not in element.attrib:
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""


def find_all(element: Element, *tags: str) -> list[Element]:
    """Every descendant with one of the tags, in the document's order."""
    return [each for each in element.iter() if each.tag in tags]


def has_class(element: Element, name: str) -> bool:
    return name in element.get("class", "").split()


@dataclass
class HtmlForm:
    """A form: where it goes, and what its boxes hold now."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The names of everything that can be filled in."""
        return set(self.values) | set(self.offered)

    @classmethod
    def read(cls, form: Element) -> HtmlForm:
        """As a browser would see it on arrival."""
        made = cls(form.get("action", ""), form.get("method", "get").lower())
        for control in find_all(form, "input", "select", "textarea", "button"):
            made._read_control(control)
        return made

    def _read_control(self, control: Element) -> None:
        name, kind = control.get("name", ""), control.get("type", "text")
        if control.tag == "button":
            self.buttons.append((words(control), name, control.get("value", "")))
        elif control.tag == "select":
            self._read_select(name, control)
        elif kind in {"radio", "checkbox"}:
            self.offered.setdefault(name, []).append(control.get("value", "on"))
            if "checked" in control.attrib:
                self.values.setdefault(name, []).append(control.get("value", "on"))
        else:
            text = control.text if control.tag == "textarea" else control.get("value", "")
            self.values.setdefault(name, []).append(text or "")

    def _read_select(self, name: str, control: Element) -> None:
        options = find_all(control, "option")
        self.offered[name] = [option.get("value", words(option)) for option in options]
        chosen = [option for option in options if "selected" in option.attrib] or options[:1]
        self.values[name] = [option.get("value", words(option)) for option in chosen]

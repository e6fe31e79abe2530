"""What the component macros need to know of a WTForms field, as parameters of the Design System's macros."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from wtforms import Field
from wtforms.fields.choices import SelectFieldBase


def init_asked(app: Flask) -> None:
    """Give the functions of this module to kit/components.html."""
    app.jinja_env.globals.update(question_of=question_of, first_error=first_error, choices_of=choices_of)


def question_of(field: Field, heading: bool, size: str | None, css: str) -> dict[str, object]:
    """The label or legend: large and the page's h1 when it is the page's one question."""
    size = size or ("l" if heading else None)
    return {
        "text": field.label.text,
        "isPageHeading": heading,
        "classes": f"{css}--{size}" if size else None,
    }


def first_error(field: Field) -> dict[str, object] | None:
    """One error at a time is enough beside a field."""
    return {"text": field.errors[0], "visuallyHiddenText": _("Error")} if field.errors else None


def choices_of(
    field: SelectFieldBase,
    hints: Mapping[str, object] | None = None,
    reveal: Mapping[str, object] | None = None,
    divider_before: str | None = None,
) -> list[dict[str, Any]]:
    """The options of a radio, checkbox or select field."""
    items: list[dict[str, Any]] = []
    for value, text, selected, _render in field.iter_choices():
        if divider_before is not None and value == divider_before:
            items.append({"divider": _("or")})
        item: dict[str, Any] = {"value": value, "text": text, "checked": selected, "selected": selected}
        if hints and value in hints:
            item["hint"] = {"text": hints[value]}
        if reveal and value in reveal:
            item["conditional"] = {"html": reveal[value]}
        items.append(item)
    return items

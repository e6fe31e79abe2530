"""The GOV.UK Design System's macros, made callable from our strict templates.

The macros of govuk_frontend_jinja ask for parameters that nobody gave, which StrictUndefined refuses. So they live in
an environment of their own that forgives, and our templates, which call them by name, stay strict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from flask import Flask
from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader
from markupsafe import Markup

Macro = Callable[[Mapping[str, object]], Markup]

COMPONENTS = (
    "back-link",
    "button",
    "checkboxes",
    "date-input",
    "details",
    "error-summary",
    "file-upload",
    "footer",
    "generic-header",
    "header",
    "input",
    "inset-text",
    "notification-banner",
    "pagination",
    "panel",
    "phase-banner",
    "radios",
    "select",
    "service-navigation",
    "skip-link",
    "summary-list",
    "table",
    "tag",
    "textarea",
    "warning-text",
)


def init_govuk(app: Flask) -> None:
    """Give every template the components, as `govuk.button({...})`."""
    app.jinja_env.globals["govuk"] = macros()


def macros() -> dict[str, Macro]:
    """Each component by its name with underscores: `error_summary`, `date_input`."""
    environment = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
    )
    return {name.replace("-", "_"): _macro(environment, name) for name in COMPONENTS}


def _macro(environment: Environment, name: str) -> Macro:
    template = environment.get_template(f"govuk_frontend_jinja/components/{name}/macro.html")
    called = "govuk" + re.sub(r"(?:^|-)(\w)", lambda found: found[1].upper(), name)
    return cast("Macro", getattr(template.module, called))

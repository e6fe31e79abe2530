"""The base of every form on a screen."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import request
from werkzeug.datastructures import CombinedMultiDict


class Form(wtforms.Form):
    """A WTForms form that reads the request when it was posted. Its token is checked earlier, by kit/csrf.py.

    `EmailForm()` in a view, or `EmailForm(data={...})` to show what is known already. A search form that is sent
    with GET is made from the address: `SearchForm(request.args)`.
    """

    def __init__(self, formdata: Any = None, **more: Any) -> None:
        if formdata is None and request.method == "POST":
            formdata = CombinedMultiDict([request.files, request.form])
        super().__init__(formdata=formdata, **more)

    def validate_on_submit(self) -> bool:
        """Whether this is a POST whose answers are all right."""
        return request.method == "POST" and self.validate()

    def error_list(self) -> list[dict[str, object]]:
        """The first error of each field in the page's order, linked to the input to mend."""
        general: list[dict[str, object]] = [{"text": error} for error in self.form_errors]
        return general + [
            {"text": field.errors[0], "href": f"#{getattr(field, 'error_anchor', field.id)}"}
            for field in self
            if field.errors
        ]

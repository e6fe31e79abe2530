"""The base of every form on a screen."""

from __future__ import annotations

from flask_wtf import FlaskForm


class Form(FlaskForm):
    """A WTForms form that reads the request. Its token is checked before any view runs, by kit/csrf.py."""

    class Meta(FlaskForm.Meta):
        csrf = False

    def error_list(self) -> list[dict[str, object]]:
        """The first error of each field in the page's order, linked to the input to mend."""
        general: list[dict[str, object]] = [{"text": error} for error in self.form_errors]
        return general + [
            {"text": field.errors[0], "href": f"#{getattr(field, 'error_anchor', field.id)}"}
            for field in self
            if field.errors
        ]

"""Texts that go into tables for spreadsheets."""

from __future__ import annotations

_BEGINS_A_FORMULA = "=+-@\t\r\n"


def harmless(text: str) -> str:
    """A text that a spreadsheet shows and does not run (OWASP, "CSV Injection")."""
    return f"'{text}" if text and text[0] in _BEGINS_A_FORMULA else text

"""Requests for changes of name or date of birth, as reviewers decide them."""

"""Telling services of changes."""

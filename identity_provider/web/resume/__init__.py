"""Picking up where one left off, from the link in the email that says how a case ended."""

"""Use cases as functions: no Flask, no commit."""

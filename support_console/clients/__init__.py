"""The relying services."""

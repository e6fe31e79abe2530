"""The HTTP API for services."""

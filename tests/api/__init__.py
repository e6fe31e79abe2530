"""The API for services."""

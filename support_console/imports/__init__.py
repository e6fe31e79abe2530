"""Imports: people whom a service team brings in a file."""

"""Configuration: read once, validated, and imported by everything that needs a setting."""

"""The people who have an identity here."""

"""Signing in by way of GOV.UK One Login: the trip there and back, the account's page about it, and its sign-outs."""

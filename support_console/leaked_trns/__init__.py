"""Leaked TRNs: the numbers that prove nothing, and whom they touch."""

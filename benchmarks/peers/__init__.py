"""The servers that benchmarks/oidc.py measures, and what starts, drives and clocks them."""

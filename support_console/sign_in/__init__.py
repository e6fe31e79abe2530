"""How staff get in."""

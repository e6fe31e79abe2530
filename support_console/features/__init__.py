"""Features: what is switched on, for whom, since when and why."""

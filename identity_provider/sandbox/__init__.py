"""The outside world on a laptop: real processes on real ports."""

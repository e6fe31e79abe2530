"""What staff see of the same core."""

"""Awards: seen, downloaded and shared by whoever holds them, and checked by whoever was given a code."""

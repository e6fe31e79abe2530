"""Where services hear of changes, and what was sent there."""

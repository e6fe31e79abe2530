"""What is deleted when, and having it done now."""

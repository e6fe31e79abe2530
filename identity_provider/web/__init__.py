"""What a teacher sees, one slice per journey."""

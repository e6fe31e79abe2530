"""Changes of name or date of birth, asked for by the person themselves."""

"""Finding the teaching record that is a person's: a pure library that knows no framework."""

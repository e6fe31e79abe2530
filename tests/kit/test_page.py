"""The page-checking browser finds what it is there to find."""

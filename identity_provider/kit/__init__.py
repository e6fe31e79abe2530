"""The HTTP toolkit that every face shares and that knows no journey."""

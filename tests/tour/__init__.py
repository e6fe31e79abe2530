"""A tour of every page that a person or an agent can meet: what walks it checks all of them."""

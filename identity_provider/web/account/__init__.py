"""A person's own account: the services that know something of them."""

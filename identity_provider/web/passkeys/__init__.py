"""A person's passkeys: the list in their account, and signing in to the account with one."""

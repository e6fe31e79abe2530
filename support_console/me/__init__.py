"""A member of staff and their own ways in: sessions, passkeys, proving who they are once more."""

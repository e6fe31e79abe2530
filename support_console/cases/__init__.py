"""Cases that are with the helpdesk."""

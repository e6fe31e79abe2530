"""Pages that anyone may read: what the service is, cookies, privacy, accessibility, contact."""

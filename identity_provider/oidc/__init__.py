"""Everything OpenID Connect."""

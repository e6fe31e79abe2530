"""The OpenID Provider: everything that speaks OAuth 2.0 and OpenID Connect."""

"""The API for services: /api/v1, bearer tokens, problem+json (domain.md, "API for services")."""

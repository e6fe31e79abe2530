"""The system of record for identities, and the faces that teachers and services see of it."""

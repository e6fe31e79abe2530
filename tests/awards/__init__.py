"""Awards: recorded by services, shared by their holders, checked by employers."""

"""What things are and how they are decided: standard library only."""

"""How well people are matched and helped."""

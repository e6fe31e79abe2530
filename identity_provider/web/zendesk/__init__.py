"""Where Zendesk tells us of tickets."""

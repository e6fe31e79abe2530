"""Where a party that was given a link fetches one file of evidence."""

"""Stories of staff in the support console, over HTTP."""

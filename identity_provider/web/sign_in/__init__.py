"""The sign-in journey as a teacher sees it: one question on each page."""

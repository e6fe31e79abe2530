"""Precision, recall and coverage on labelled queries; definitions as in the project's evaluation tool."""

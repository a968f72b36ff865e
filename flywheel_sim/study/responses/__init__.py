"""Responses of a whole company to one lever at a time."""

"""M9: to be written."""

"""M10: to be written."""

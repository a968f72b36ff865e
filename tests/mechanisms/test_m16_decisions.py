"""M16: to be written."""

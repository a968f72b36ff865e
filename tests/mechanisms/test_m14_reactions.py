"""M14: to be written."""

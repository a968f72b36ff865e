"""M18: to be written."""

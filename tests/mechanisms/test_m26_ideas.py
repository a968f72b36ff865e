"""M26: to be written."""

"""M22: to be written."""

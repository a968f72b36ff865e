"""M21: to be written."""

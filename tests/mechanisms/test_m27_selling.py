"""M27: to be written."""

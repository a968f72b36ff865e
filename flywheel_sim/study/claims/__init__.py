"""Claims of management put on trial."""

"""Facts known of the world, and how far a company of the model agrees with each."""

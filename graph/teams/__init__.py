"""Team files: the shipped ones, and the strict loader for any of them."""

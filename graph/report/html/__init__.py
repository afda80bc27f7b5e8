"""The page of a thread, from its dossier alone."""

"""The report of a thread as Markdown, from its dossier alone."""

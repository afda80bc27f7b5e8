"""The dossier: all that a report of a thread says, worked out once, as one plain value."""

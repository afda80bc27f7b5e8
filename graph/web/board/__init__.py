"""The board: pages for the people who decide. They work without scripts; one shows a run as it happens."""

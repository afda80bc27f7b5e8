"""What a team did, by its pattern, as plain drawing values for the terminal, the page and the Markdown alike."""

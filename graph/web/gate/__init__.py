"""The gate before the service: what arrives, whether it may come in and how often, and how long an answer lasts."""

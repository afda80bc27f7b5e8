"""Who may do what: callers, their tenants and scopes, and what is limited to tenants."""

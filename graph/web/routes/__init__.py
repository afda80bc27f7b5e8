"""The routes of the HTTP service, a file for each thing that they are about."""

"""What other agents ask for over the Model Context Protocol: tools and resources on the service, and its transports."""

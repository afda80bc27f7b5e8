"""`python -m graph` is `accord`."""

from graph.cli.main import main

if __name__ == "__main__":
    main()

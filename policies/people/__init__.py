"""People: what a person is asked, which answers are taken, what several of them give, and what silence gives."""

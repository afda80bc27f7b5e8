"""What the LangGraph server loads next to the graphs: who may do what, and what is made when it starts."""

"""What the LangGraph server loads beside the graphs: who may do what, and what is made when it starts."""

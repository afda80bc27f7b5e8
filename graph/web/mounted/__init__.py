"""What the LangGraph server loads next to the graphs: who may do what there, and what is made when it starts."""

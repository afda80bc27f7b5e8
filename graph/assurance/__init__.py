"""Brings policies, votes and past runs to the functions that prove, compare, judge and replay them."""

"""One kind of answer a file: what is asked for, what is accepted, what rules say, what a rehearsal says."""

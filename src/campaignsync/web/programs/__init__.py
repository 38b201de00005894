"""Programs: the list, one program with its members, costs and history, and what is changed of them."""

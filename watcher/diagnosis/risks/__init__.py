"""One module per thing that is at risk, in the same form as the causes."""

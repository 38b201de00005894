"""What others would use, as scripts, each written as its own documentation shows; run in environments of their own."""

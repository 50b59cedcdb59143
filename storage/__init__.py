"""Tables, queries and migrations: the one place that knows the database."""

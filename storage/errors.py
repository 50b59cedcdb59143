"""What storage cannot do; the message says which database, why and what to do."""


class DatabaseError(Exception):
    """The database cannot be used."""

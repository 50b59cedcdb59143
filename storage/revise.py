"""Write a migration for what changed in the models: `python -m storage.revise "what changes"`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from storage import schema
from storage.database import Database


def main(message: str) -> None:
    """Compare the models with a fresh database at the newest revision, and write the difference."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Database(f"sqlite:///{Path(folder) / 'new.db'}") as database,
    ):
        if schema.head(database) != "None":
            database.upgrade()
        following = len(list(Path(__file__).with_name("migrations").glob("versions/[0-9]*.py"))) + 1
        command.revision(
            schema.alembic(database), message=message, autogenerate=True, rev_id=f"{following:04}"
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('usage: python -m storage.revise "what changes"')
    main(sys.argv[1])

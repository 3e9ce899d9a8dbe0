"""Which coins of a pipeline a snapshot lacks."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add the column; older snapshots are of one coin, which they hold."""
    comment = "coins of the pipeline that it lacks, with spaces between"
    op.add_column("arrivals", sa.Column("missing", sa.Text, comment=comment))
    info = sa.table("database_info", sa.column("version"))
    op.execute(info.update().values(version=2))

"""Find the tokens of a service itself without reading those of everybody.

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_access_tokens_of_service", "access_tokens", ["client_id"], postgresql_where=sa.text("grant_id IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_access_tokens_of_service", table_name="access_tokens")

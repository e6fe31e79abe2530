"""Note when the evidence of a change was fetched for the DQT.

Revision: 0026
Follows: 0025
"""

from alembic import op
import sqlalchemy as sa

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.add_column('change_reports', sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True))
    # Of tries from before nobody noted it: what is open at the DQT is taken for theirs, as it was then.
    op.execute("UPDATE change_reports SET fetched_at = tried_at WHERE state = 'waiting' AND tried_at IS NOT NULL")

def downgrade() -> None:
    op.drop_column('change_reports', 'fetched_at')

"""Seal the sentences of explanations, which repeat what was asked. The nightly round takes out those of older lookups.

Revision: 0028
Follows: 0027
"""

from alembic import op
import sqlalchemy as sa

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.add_column('lookups', sa.Column('sentences_sealed', sa.LargeBinary(), nullable=True))

def downgrade() -> None:
    op.drop_column('lookups', 'sentences_sealed')

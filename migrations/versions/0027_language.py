"""Remember in which language somebody signed in, to write to them in it.

Revision: 0027
Follows: 0026
"""

from alembic import op
import sqlalchemy as sa

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.add_column('users', sa.Column('language', sa.String(length=5), server_default='en', nullable=False))

def downgrade() -> None:
    op.drop_column('users', 'language')

"""Remember which code made a register's keys: no other finds everybody by them.

Registers that are there already were keyed by code that nobody noted. They get 0, which is no version.

Revision: 0029
Follows: 0028
"""

from alembic import op
import sqlalchemy as sa

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.add_column('register_generations', sa.Column('keys_version', sa.Integer(), server_default='0', nullable=False))

def downgrade() -> None:
    op.drop_column('register_generations', 'keys_version')

"""What it takes to part a merge wholly; and searches that belong to nobody any more go.

Revision: 0014
Follows: 0013
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('DELETE FROM lookups WHERE user_id IS NULL AND journey_id IS NULL')
    op.add_column('user_merges', sa.Column('survivor_email_verified_at', sa.DateTime(timezone=True), nullable=True))
    # Of merges before this revision no address is declared unproved by an undo that was proved.
    op.execute('UPDATE user_merges SET survivor_email_verified_at = users.email_verified_at FROM users'
               ' WHERE users.id = user_merges.survivor_id AND users.email = user_merges.survivor_email')
    op.add_column('user_merges', sa.Column('client_ids_added', sa.ARRAY(sa.String()), server_default='{}', nullable=False))
    op.add_column('user_merges', sa.Column('carried', postgresql.JSONB(), server_default='{}', nullable=False))
    op.add_column('user_merges', sa.Column('moved_case_id', sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f('fk_user_merges_moved_case_id_support_tickets'), 'user_merges', 'support_tickets',
                          ['moved_case_id'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    op.drop_constraint(op.f('fk_user_merges_moved_case_id_support_tickets'), 'user_merges', type_='foreignkey')
    op.drop_column('user_merges', 'moved_case_id')
    op.drop_column('user_merges', 'carried')
    op.drop_column('user_merges', 'client_ids_added')
    op.drop_column('user_merges', 'survivor_email_verified_at')

"""Give journeys what they need to end: submissions, other accounts, and going on without a record.

Revision: 0004
Follows: 0003
"""

from alembic import op
import sqlalchemy as sa

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('users', sa.Column('asked_again_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('journeys', sa.Column('other_proved_id', sa.Uuid(), nullable=True))
    op.add_column('journeys', sa.Column('other_proved_address', sa.String(length=320), nullable=True))
    op.add_column('journeys', sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('journeys', sa.Column('made_user', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('journeys', sa.Column('trn_holder_id', sa.Uuid(), nullable=True))
    op.add_column('journeys', sa.Column('no_access_to_holder', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('journeys', sa.Column('went_on_at', sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f('fk_journeys_trn_holder_id_users'), 'journeys', 'users', ['trn_holder_id'], ['id'])


def downgrade() -> None:
    op.drop_constraint(op.f('fk_journeys_trn_holder_id_users'), 'journeys', type_='foreignkey')
    op.drop_column('journeys', 'went_on_at')
    op.drop_column('journeys', 'no_access_to_holder')
    op.drop_column('journeys', 'trn_holder_id')
    op.drop_column('journeys', 'made_user')
    op.drop_column('journeys', 'submitted_at')
    op.drop_column('journeys', 'other_proved_address')
    op.drop_column('journeys', 'other_proved_id')
    op.drop_column('users', 'asked_again_at')

"""One's own account: sign-ins, changes of contacts, where one came from; a mobile number in the journey.

Revision: 0021
Follows: 0020
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account_visits',
    sa.Column('browser_hmac', sa.LargeBinary(), nullable=False),
    sa.Column('client_id', sa.String(length=100), nullable=False),
    sa.Column('back_uri', sa.String(length=2000), nullable=False),
    sa.Column('sign_out_uri', sa.String(length=2000), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('browser_hmac', name=op.f('pk_account_visits'))
    )
    op.create_index('ix_account_visits_expires_at', 'account_visits', ['expires_at'], unique=False)
    op.create_table('contact_changes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('contact', sa.String(length=10), nullable=False),
    sa.Column('old_value', sa.String(length=320), nullable=False),
    sa.Column('old_verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('new_value', sa.String(length=320), nullable=False),
    sa.Column('locale', sa.String(length=5), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reversible_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('over_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("contact = 'mobile' OR (old_value <> '' AND new_value <> '')", name=op.f('ck_contact_changes_always_an_address')),
    sa.CheckConstraint("contact IN ('email','mobile')", name=op.f('ck_contact_changes_contact')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_contact_changes_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_changes'))
    )
    op.create_index(op.f('ix_contact_changes_user_id'), 'contact_changes', ['user_id'], unique=False)
    op.create_table('sign_ins',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.String(length=100), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('authenticated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('amr', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('device', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_sign_ins_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_ins'))
    )
    op.create_index(op.f('ix_sign_ins_at'), 'sign_ins', ['at'], unique=False)
    op.create_index('ix_sign_ins_user_id_at', 'sign_ins', ['user_id', 'at'], unique=False)
    op.create_index('uq_sign_ins_proof', 'sign_ins', ['session_id', 'client_id', 'authenticated_at'], unique=True)
    op.add_column('browser_sessions', sa.Column('device', sa.String(length=40), server_default='', nullable=False))
    op.add_column('journeys', sa.Column('mobile_number', sa.String(length=20), nullable=True))
    op.add_column('journeys', sa.Column('mobile_proved_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('journeys', 'mobile_proved_at')
    op.drop_column('journeys', 'mobile_number')
    op.drop_column('browser_sessions', 'device')
    op.drop_index('uq_sign_ins_proof', table_name='sign_ins')
    op.drop_index('ix_sign_ins_user_id_at', table_name='sign_ins')
    op.drop_index(op.f('ix_sign_ins_at'), table_name='sign_ins')
    op.drop_table('sign_ins')
    op.drop_index(op.f('ix_contact_changes_user_id'), table_name='contact_changes')
    op.drop_table('contact_changes')
    op.drop_index('ix_account_visits_expires_at', table_name='account_visits')
    op.drop_table('account_visits')

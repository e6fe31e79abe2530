"""GOV.UK One Login as a way in: trips there, who is connected, which sessions it began, and what it proved.

Revision: 0024
Follows: 0023
"""

from alembic import op
import sqlalchemy as sa

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('one_login_identities',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('issuer', sa.String(length=300), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_one_login_identities_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_login_identities'))
    )
    op.create_index(op.f('ix_one_login_identities_user_id'), 'one_login_identities', ['user_id'], unique=False)
    op.create_index('uq_one_login_identities_live', 'one_login_identities', ['issuer', 'subject'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('one_login_attempts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('state_hmac', sa.LargeBinary(), nullable=False),
    sa.Column('nonce_hmac', sa.LargeBinary(), nullable=False),
    sa.Column('verifier_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('browser_hmac', sa.LargeBinary(), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('journey_id', sa.Uuid(), nullable=True),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose IN ('sign_in', 'identity')", name=op.f('ck_one_login_attempts_purpose')),
    sa.CheckConstraint('journey_id IS NULL OR user_id IS NULL', name=op.f('ck_one_login_attempts_one_errand')),
    sa.ForeignKeyConstraint(['journey_id'], ['journeys.id'], name=op.f('fk_one_login_attempts_journey_id_journeys'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_one_login_attempts_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_login_attempts')),
    sa.UniqueConstraint('state_hmac', name=op.f('uq_one_login_attempts_state_hmac'))
    )
    op.create_index('ix_one_login_attempts_expires_at', 'one_login_attempts', ['expires_at'], unique=False)
    op.create_index(op.f('ix_one_login_attempts_journey_id'), 'one_login_attempts', ['journey_id'], unique=False)
    op.create_index(op.f('ix_one_login_attempts_user_id'), 'one_login_attempts', ['user_id'], unique=False)
    op.create_table('one_login_sessions',
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('identity_id', sa.Uuid(), nullable=False),
    sa.Column('upstream_sid', sa.String(length=255), nullable=True),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['identity_id'], ['one_login_identities.id'], name=op.f('fk_one_login_sessions_identity_id_one_login_identities'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['session_id'], ['browser_sessions.id'], name=op.f('fk_one_login_sessions_session_id_browser_sessions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('session_id', name=op.f('pk_one_login_sessions'))
    )
    op.create_index(op.f('ix_one_login_sessions_identity_id'), 'one_login_sessions', ['identity_id'], unique=False)
    op.alter_column('identity_checks', 'client_id',
               existing_type=sa.VARCHAR(length=100),
               nullable=True)
    op.add_column('journeys', sa.Column('one_login_attempt_id', sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column('journeys', 'one_login_attempt_id')
    op.execute('DELETE FROM identity_checks WHERE client_id IS NULL')
    op.alter_column('identity_checks', 'client_id',
               existing_type=sa.VARCHAR(length=100),
               nullable=False)
    op.drop_index(op.f('ix_one_login_sessions_identity_id'), table_name='one_login_sessions')
    op.drop_table('one_login_sessions')
    op.drop_index(op.f('ix_one_login_attempts_user_id'), table_name='one_login_attempts')
    op.drop_index(op.f('ix_one_login_attempts_journey_id'), table_name='one_login_attempts')
    op.drop_index('ix_one_login_attempts_expires_at', table_name='one_login_attempts')
    op.drop_table('one_login_attempts')
    op.drop_index('uq_one_login_identities_live', table_name='one_login_identities', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_index(op.f('ix_one_login_identities_user_id'), table_name='one_login_identities')
    op.drop_table('one_login_identities')

"""Tables for the API, TRN tokens and webhooks; who used which service is filled in from what is known.

Revision: 0008
Follows: 0007
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('identity_checks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.String(length=100), nullable=False),
    sa.Column('provider', sa.String(length=200), nullable=False),
    sa.Column('document_kind', sa.String(length=60), nullable=False),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('verified_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('differs', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_identity_checks_client_id_clients')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_identity_checks_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_checks'))
    )
    op.create_index('ix_identity_checks_user', 'identity_checks', ['user_id', 'at'], unique=False)
    op.create_table('service_uses',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.String(length=100), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_service_uses_client_id_clients')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_service_uses_user_id_users')),
    sa.PrimaryKeyConstraint('user_id', 'client_id', name=op.f('pk_service_uses'))
    )
    op.create_index(op.f('ix_service_uses_client_id'), 'service_uses', ['client_id'], unique=False)
    op.create_table('trn_tokens',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('token_hmac', sa.LargeBinary(), nullable=False),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('trn', sa.String(length=7), nullable=False),
    sa.Column('made_by', sa.String(length=120), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("trn ~ '^[0-9]{7}$'", name=op.f('ck_trn_tokens_trn_is_seven_digits')),
    sa.CheckConstraint('(used_at IS NULL) = (used_by_id IS NULL)', name=op.f('ck_trn_tokens_use_has_user')),
    sa.CheckConstraint('email = lower(email)', name=op.f('ck_trn_tokens_email_is_lower_case')),
    sa.ForeignKeyConstraint(['used_by_id'], ['users.id'], name=op.f('fk_trn_tokens_used_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trn_tokens')),
    sa.UniqueConstraint('token_hmac', name=op.f('uq_trn_tokens_token_hmac'))
    )
    op.create_index(op.f('ix_trn_tokens_expires_at'), 'trn_tokens', ['expires_at'], unique=False)
    op.create_index(op.f('ix_trn_tokens_used_by_id'), 'trn_tokens', ['used_by_id'], unique=False)
    op.create_table('webhook_endpoints',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.String(length=100), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('message_types', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('is_enabled', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('resting_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('cardinality(message_types) > 0', name=op.f('ck_webhook_endpoints_hears_of_something')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_webhook_endpoints_client_id_clients')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoints'))
    )
    op.create_index(op.f('ix_webhook_endpoints_client_id'), 'webhook_endpoints', ['client_id'], unique=False)
    op.create_table('webhook_messages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('notification_id', sa.Uuid(), nullable=False),
    sa.Column('message_type', sa.Enum('UserCreated', 'UserUpdated', 'UserMerged', 'Ping', name='messagetype', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('body_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'delivered', 'parked', name='messagestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_webhook_messages_endpoint_id_webhook_endpoints'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_webhook_messages_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_messages'))
    )
    op.create_index('ix_webhook_messages_due', 'webhook_messages', ['endpoint_id', 'next_attempt_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.create_index('ix_webhook_messages_log', 'webhook_messages', ['endpoint_id', 'created_at'], unique=False)
    op.create_index(op.f('ix_webhook_messages_user_id'), 'webhook_messages', ['user_id'], unique=False)
    op.create_index('uq_webhook_messages_notification', 'webhook_messages', ['endpoint_id', 'notification_id'], unique=True)
    op.create_table('webhook_secrets',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_webhook_secrets_endpoint_id_webhook_endpoints'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_secrets'))
    )
    op.create_index(op.f('ix_webhook_secrets_endpoint_id'), 'webhook_secrets', ['endpoint_id'], unique=False)
    op.create_table('webhook_attempts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('message_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('duration_ms', sa.Integer(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.String(length=200), nullable=False),
    sa.Column('excerpt', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['webhook_messages.id'], name=op.f('fk_webhook_attempts_message_id_webhook_messages'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_attempts'))
    )
    op.create_index(op.f('ix_webhook_attempts_message_id'), 'webhook_attempts', ['message_id'], unique=False)
    op.create_index('ix_users_listed', 'users', ['last_name', 'first_name', 'id'], unique=False, postgresql_where=sa.text('merged_into_id IS NULL AND erased_at IS NULL'))
    op.execute(
        "INSERT INTO service_uses (user_id, client_id, first_at)"
        " SELECT u.id, u.registered_with_client_id, u.created_at FROM users u"
        " JOIN clients c ON c.id = u.registered_with_client_id ON CONFLICT DO NOTHING"
    )
    op.execute(
        "INSERT INTO service_uses (user_id, client_id, first_at)"
        " SELECT user_id, client_id, min(created_at) FROM grants GROUP BY user_id, client_id ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.drop_index('ix_users_listed', table_name='users', postgresql_where=sa.text('merged_into_id IS NULL AND erased_at IS NULL'))
    op.drop_index(op.f('ix_webhook_attempts_message_id'), table_name='webhook_attempts')
    op.drop_table('webhook_attempts')
    op.drop_index(op.f('ix_webhook_secrets_endpoint_id'), table_name='webhook_secrets')
    op.drop_table('webhook_secrets')
    op.drop_index('uq_webhook_messages_notification', table_name='webhook_messages')
    op.drop_index(op.f('ix_webhook_messages_user_id'), table_name='webhook_messages')
    op.drop_index('ix_webhook_messages_log', table_name='webhook_messages')
    op.drop_index('ix_webhook_messages_due', table_name='webhook_messages', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_table('webhook_messages')
    op.drop_index(op.f('ix_webhook_endpoints_client_id'), table_name='webhook_endpoints')
    op.drop_table('webhook_endpoints')
    op.drop_index(op.f('ix_trn_tokens_used_by_id'), table_name='trn_tokens')
    op.drop_index(op.f('ix_trn_tokens_expires_at'), table_name='trn_tokens')
    op.drop_table('trn_tokens')
    op.drop_index(op.f('ix_service_uses_client_id'), table_name='service_uses')
    op.drop_table('service_uses')
    op.drop_index('ix_identity_checks_user', table_name='identity_checks')
    op.drop_table('identity_checks')

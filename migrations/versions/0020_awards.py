"""Awards that services record, the codes that they are shared by, and what is asked before "no record" is said.

Revision: 0020
Follows: 0019
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('awards',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('recorded_for_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.String(length=100), nullable=False),
    sa.Column('provider_reference', sa.String(length=100), nullable=False),
    sa.Column('qualification', sa.Enum('NPQLT', 'NPQLTD', 'NPQLBC', 'NPQLL', 'NPQLPM', 'NPQSENCO', 'NPQEYL', 'NPQSL', 'NPQH', 'NPQEL', 'NPQML', name='qualification', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('provider_name', sa.String(length=200), nullable=False),
    sa.Column('awarded_on', sa.Date(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawal_reason', sa.String(length=200), nullable=False),
    sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawal_reason = '')", name=op.f('ck_awards_withdrawn_for_a_reason')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_awards_client_id_clients')),
    sa.ForeignKeyConstraint(['recorded_for_id'], ['users.id'], name=op.f('fk_awards_recorded_for_id_users')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_awards_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_awards'))
    )
    op.create_index(op.f('ix_awards_recorded_for_id'), 'awards', ['recorded_for_id'], unique=False)
    op.create_index(op.f('ix_awards_user_id'), 'awards', ['user_id'], unique=False)
    op.create_index('uq_awards_reference', 'awards', ['client_id', 'provider_reference'], unique=True)
    op.create_table('award_codes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('award_id', sa.Uuid(), nullable=False),
    sa.Column('code_hmac', sa.LargeBinary(), nullable=False),
    sa.Column('given_to', sa.String(length=100), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wrong_dates', sa.Integer(), server_default='0', nullable=False),
    sa.Column('locked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['award_id'], ['awards.id'], name=op.f('fk_award_codes_award_id_awards')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_award_codes')),
    sa.UniqueConstraint('code_hmac', name=op.f('uq_award_codes_code_hmac'))
    )
    op.create_index(op.f('ix_award_codes_award_id'), 'award_codes', ['award_id'], unique=False)
    op.create_table('award_checks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code_id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(length=20), nullable=False),
    sa.Column('organisation', sa.String(length=200), server_default='', nullable=False),
    sa.Column('reason', sa.String(length=200), server_default='', nullable=False),
    sa.Column('told_withdrawn', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['code_id'], ['award_codes.id'], name=op.f('fk_award_checks_code_id_award_codes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_award_checks')),
    sa.UniqueConstraint('reference', name=op.f('uq_award_checks_reference'))
    )
    op.create_index(op.f('ix_award_checks_code_id'), 'award_checks', ['code_id'], unique=False)
    op.add_column('journeys', sa.Column('further_answers', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('journeys', sa.Column('nothing_near', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('lookups', sa.Column('said_sealed', sa.LargeBinary(), nullable=True))
    op.add_column('users', sa.Column('stated_further', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))


def downgrade() -> None:
    op.drop_column('users', 'stated_further')
    op.drop_column('lookups', 'said_sealed')
    op.drop_column('journeys', 'nothing_near')
    op.drop_column('journeys', 'further_answers')
    op.drop_index(op.f('ix_award_checks_code_id'), table_name='award_checks')
    op.drop_table('award_checks')
    op.drop_index(op.f('ix_award_codes_award_id'), table_name='award_codes')
    op.drop_table('award_codes')
    op.drop_index('uq_awards_reference', table_name='awards')
    op.drop_index(op.f('ix_awards_user_id'), table_name='awards')
    op.drop_index(op.f('ix_awards_recorded_for_id'), table_name='awards')
    op.drop_table('awards')

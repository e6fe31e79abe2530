"""What Zendesk says of tickets, and after which question a search was run.

Revision: 0017
Follows: 0016
"""

from alembic import op
import sqlalchemy as sa

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ticket_comments',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('zendesk_comment_id', sa.BigInteger(), nullable=False),
    sa.Column('author', sa.String(length=320), nullable=False),
    sa.Column('from_agent', sa.Boolean(), nullable=False),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('trns', sa.ARRAY(sa.String(length=7)), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['support_tickets.id'],
                            name=op.f('fk_ticket_comments_ticket_id_support_tickets')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_comments')),
    sa.UniqueConstraint('zendesk_comment_id', name=op.f('uq_ticket_comments_zendesk_comment_id'))
    )
    op.create_index(op.f('ix_ticket_comments_ticket_id'), 'ticket_comments', ['ticket_id'], unique=False)
    op.add_column('lookups', sa.Column('question', sa.String(length=40), nullable=True))
    op.add_column('support_tickets', sa.Column('zendesk_status', sa.String(length=20), nullable=True))
    op.add_column('support_tickets', sa.Column('zendesk_changed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('support_tickets', sa.Column('zendesk_checked_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('support_tickets', sa.Column('zendesk_closed_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_support_tickets_desk_round', 'support_tickets', ['zendesk_checked_at'], unique=False,
                    postgresql_where=sa.text("status = 'open' AND zendesk_ticket_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index('ix_support_tickets_desk_round', table_name='support_tickets',
                  postgresql_where=sa.text("status = 'open' AND zendesk_ticket_id IS NOT NULL"))
    op.drop_column('support_tickets', 'zendesk_closed_at')
    op.drop_column('support_tickets', 'zendesk_checked_at')
    op.drop_column('support_tickets', 'zendesk_changed_at')
    op.drop_column('support_tickets', 'zendesk_status')
    op.drop_column('lookups', 'question')
    op.drop_index(op.f('ix_ticket_comments_ticket_id'), table_name='ticket_comments')
    op.drop_table('ticket_comments')

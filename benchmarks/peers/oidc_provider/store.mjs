// oidc-provider's Adapter on PostgreSQL: one table, every lookup by an index, every statement prepared once per
// connection, durable commits (the server's default). Each call is one statement, and so one transaction.
import pg from 'pg';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS payloads (
    model text NOT NULL,
    id text NOT NULL,
    payload jsonb NOT NULL,
    grant_id text,
    uid text,
    expires_at timestamptz,
    consumed_at timestamptz,
    PRIMARY KEY (model, id)
  );
  CREATE INDEX IF NOT EXISTS payloads_grant_id ON payloads (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS payloads_uid ON payloads (model, uid) WHERE uid IS NOT NULL;
  CREATE INDEX IF NOT EXISTS payloads_expires_at ON payloads (expires_at);
  CREATE TABLE IF NOT EXISTS accounts (
    id text PRIMARY KEY,
    email text NOT NULL UNIQUE,
    given_name text NOT NULL,
    family_name text NOT NULL,
    birthdate text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  );`;

const LIVE = '(expires_at IS NULL OR expires_at > now())';

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 });

const run = (name, text, values) => pool.query({ name, text, values });

export async function prepare(people) {
  await pool.query(SCHEMA);
  await pool.query(
    `INSERT INTO accounts (id, email, given_name, family_name, birthdate)
     SELECT 'person-' || n, 'person' || n || '@example.com', 'Kate', 'Bush' || n, '1985-03-04'
     FROM generate_series(0, $1::int - 1) n ON CONFLICT DO NOTHING`,
    [people],
  );
}

export async function account(id) {
  const { rows } = await run('account', 'SELECT * FROM accounts WHERE id = $1', [id]);
  return rows[0];
}

export class PostgresAdapter {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload, expiresIn) {
    const expires = expiresIn ? new Date(Date.now() + expiresIn * 1000) : null;
    await run(
      'upsert',
      `INSERT INTO payloads (model, id, payload, grant_id, uid, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
         uid = excluded.uid, expires_at = excluded.expires_at`,
      [this.model, id, payload, payload.grantId ?? null, payload.uid ?? null, expires],
    );
  }

  async find(id) {
    const text = `SELECT payload, consumed_at FROM payloads WHERE model = $1 AND id = $2 AND ${LIVE}`;
    return PostgresAdapter.read(await run('find', text, [this.model, id]));
  }

  async findByUid(uid) {
    const text = `SELECT payload, consumed_at FROM payloads WHERE model = $1 AND uid = $2 AND ${LIVE}`;
    return PostgresAdapter.read(await run('find-by-uid', text, [this.model, uid]));
  }

  async findByUserCode() {
    return undefined; // the device flow is off
  }

  async consume(id) {
    await run('consume', 'UPDATE payloads SET consumed_at = now() WHERE model = $1 AND id = $2', [this.model, id]);
  }

  async destroy(id) {
    await run('destroy', 'DELETE FROM payloads WHERE model = $1 AND id = $2', [this.model, id]);
  }

  async revokeByGrantId(grantId) {
    await run('revoke', 'DELETE FROM payloads WHERE grant_id = $1', [grantId]);
  }

  static read({ rows: [row] }) {
    if (row === undefined) return undefined;
    return row.consumed_at ? { ...row.payload, consumed: row.consumed_at.getTime() / 1000 } : row.payload;
  }
}

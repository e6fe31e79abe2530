// oidc-provider 9 as its documentation sets it up, with the rules that the other targets have too: PKCE S256, RS256,
// codes of 60 s, access tokens of 15 min, rotated refresh tokens, a session at the browser and a granted consent.
import Provider from 'oidc-provider';
import { PostgresAdapter, account, prepare } from './store.mjs';

const port = Number(process.env.PORT);
const issuer = `http://127.0.0.1:${port}`;
const { clients, keys, people } = JSON.parse(process.env.PEER);

const profile = ['name', 'given_name', 'family_name', 'birthdate', 'updated_at'];

const provider = new Provider(issuer, {
  adapter: PostgresAdapter,
  clients: clients.map((each) => ({
    client_id: each.id,
    client_secret: each.secret,
    redirect_uris: [each.redirect_uri],
    grant_types: each.refreshes ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
  })),
  jwks: { keys },
  cookies: { keys: ['a key for this benchmark only'] },
  claims: { openid: ['sub'], profile, email: ['email', 'email_verified'] },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  ttl: { AuthorizationCode: 60, AccessToken: 900, IdToken: 300, RefreshToken: 1_209_600, Session: 43_200, Grant: 1_209_600, Interaction: 3_600 },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  async findAccount(ctx, id) {
    const row = await account(id);
    if (row === undefined) return undefined;
    return {
      accountId: id,
      async claims() {
        return {
          sub: id,
          name: `${row.given_name} ${row.family_name}`,
          given_name: row.given_name,
          family_name: row.family_name,
          birthdate: row.birthdate,
          updated_at: Math.floor(row.updated_at.getTime() / 1000),
          email: row.email,
          email_verified: true,
        };
      },
    };
  },
});

// Signing in is not measured: whoever the login_hint names is signed in and agrees to everything.
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { params, prompt, session } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name === 'login') {
    return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: params.login_hint } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  return provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId } }, { mergeWithLastSubmission: true });
});

await prepare(people);
provider.listen(port, '127.0.0.1', () => console.log('listening'));

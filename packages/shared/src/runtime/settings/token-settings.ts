import type { Setting } from './setting.ts'
import { Count, Duration, List, oneOf, Text, textFrom, urlOf } from './setting-types.ts'

/** Whose tokens are believed, and which claims say who the caller is. */
export const tokenSettings = {
  JWT_SECRET: {
    type: textFrom(32),
    optional: true,
    secret: true,
    readBy: ['api', 'dev-env'],
    about: 'A shared HS256 secret, for development only; npm start makes a random one for each data folder.',
  },
  JWT_JWKS_URL: {
    type: urlOf('https', 'http'),
    optional: true,
    readBy: ['api'],
    about: "The key set of the tokens' issuer.",
  },
  JWT_PUBLIC_KEY_FILE: {
    type: Text,
    optional: true,
    readBy: ['api'],
    about: 'A file with the public key of the issuer (PEM or JWK), instead of a key set.',
  },
  JWT_ISSUER: {
    type: Text,
    optional: true,
    readBy: ['api', 'dev-env'],
    about: 'The `iss` that a token must have.',
  },
  JWT_AUDIENCE: {
    type: List,
    optional: true,
    readBy: ['api', 'dev-env'],
    about: 'The audiences of which a token must name one (`aud`), separated by commas.',
  },
  JWT_ALGORITHMS: {
    type: List,
    optional: true,
    readBy: ['api'],
    about: 'The signature algorithms that are accepted; RS256,ES256,EdDSA for keys, HS256 for JWT_SECRET when absent.',
  },
  JWT_ISSUERS_FILE: {
    type: Text,
    optional: true,
    readBy: ['api'],
    about:
      'A YAML file with several issuers under `issuers:`, instead of the settings above: [what each says](#an-issuer-of-tokens).',
  },
  JWT_CLOCK_TOLERANCE: {
    type: Duration,
    default: '5s',
    unit: 'duration',
    readBy: ['api'],
    about: "How far an issuer's clock may be off.",
  },
  JWT_MAX_TOKENS_REMEMBERED: {
    type: Count,
    default: '10000',
    unit: 'count',
    readBy: ['api'],
    about: 'How many verified tokens are remembered (each for at most five minutes).',
  },
  JWT_USER_CLAIM: {
    type: Text,
    default: 'sub',
    readBy: ['api', 'dev-env'],
    about: "The claim with the caller's user id; a path such as realm.user works.",
  },
  JWT_GROUP_CLAIM: {
    type: Text,
    default: 'group_id',
    readBy: ['api', 'dev-env'],
    about: "The claim with the caller's group; a path such as realm.group works.",
  },
  JWT_ROLES_CLAIM: {
    type: Text,
    default: 'roles',
    readBy: ['api', 'dev-env'],
    about: "The claim with the caller's roles, a list or a text separated by spaces.",
  },
  JWT_DEFAULT_ROLE: {
    type: oneOf('consumer', 'author', 'admin'),
    default: 'author',
    readBy: ['api'],
    about: 'The role of a caller whose token has no roles claim.',
  },
} as const satisfies Record<string, Setting>

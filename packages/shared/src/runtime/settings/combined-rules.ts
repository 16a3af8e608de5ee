import type { Service } from './setting.ts'

type Values = Readonly<Record<string, unknown>>

/** What no single setting can tell: which of them are needed, or make no sense, together. */
export const combinedRules: readonly { readBy: readonly Service[]; offence: (values: Values) => string | undefined }[] =
  [
    {
      readBy: ['api'],
      offence: (values) =>
        keySources(values).length === 1
          ? undefined
          : 'expected exactly one of JWT_JWKS_URL, JWT_PUBLIC_KEY_FILE, JWT_ISSUERS_FILE or (development) JWT_SECRET: without keys no caller can be recognised',
    },
    {
      readBy: ['api'],
      offence: ({ jwtAlgorithms, jwtSecret }) => {
        const known = jwtSecret === undefined ? /^((RS|PS|ES)(256|384|512)|EdDSA)$/u : /^HS(256|384|512)$/u
        if (!Array.isArray(jwtAlgorithms) || jwtAlgorithms.every((one) => known.test(String(one)))) return undefined
        return jwtSecret === undefined
          ? 'expected JWT_ALGORITHMS with signatures of public keys only (RS256, ES256, EdDSA, …): a public key is no secret'
          : 'expected JWT_ALGORITHMS of HS256, HS384 and HS512 beside JWT_SECRET'
      },
    },
    {
      readBy: ['api'],
      offence: ({ jwtAlgorithms, jwtSecret }) => {
        // As long as the hash (RFC 7518, section 3.2).
        const bytes = listed(jwtAlgorithms, 'HS512') ? 64 : listed(jwtAlgorithms, 'HS384') ? 48 : 0
        return typeof jwtSecret !== 'string' || Buffer.byteLength(jwtSecret) >= bytes
          ? undefined
          : `expected a JWT_SECRET of at least ${bytes} bytes for these JWT_ALGORITHMS`
      },
    },
    {
      readBy: ['api'],
      offence: (values) =>
        ['jwtJwksUrl', 'jwtPublicKeyFile'].some((name) => values[name] !== undefined) &&
        (values['jwtIssuer'] === undefined || values['jwtAudience'] === undefined)
          ? 'expected JWT_ISSUER and JWT_AUDIENCE beside JWT_JWKS_URL or JWT_PUBLIC_KEY_FILE'
          : undefined,
    },
    {
      readBy: ['validation-worker', 'webhook-worker'],
      offence: (values) =>
        listed(values['secretSources'], 'vault') && values['vaultAddr'] === undefined
          ? 'expected VAULT_ADDR, as SECRET_SOURCES names vault'
          : undefined,
    },
    {
      readBy: ['validation-worker', 'webhook-worker'],
      offence: (values) =>
        listed(values['secretSources'], 'vault') && vaultLogins(values) !== 1
          ? 'expected exactly one login for Vault: VAULT_TOKEN, VAULT_ROLE_ID with VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE'
          : undefined,
    },
  ]

const keySources = (values: Values) =>
  ['jwtSecret', 'jwtJwksUrl', 'jwtPublicKeyFile', 'jwtIssuersFile'].filter((name) => values[name] !== undefined)

const listed = (list: unknown, word: string) => Array.isArray(list) && list.includes(word)

const vaultLogins = (values: Values) =>
  [
    values['vaultToken'],
    values['vaultRoleId'] !== undefined && values['vaultSecretId'] !== undefined ? values['vaultRoleId'] : undefined,
    values['vaultKubernetesRole'],
  ].filter((login) => login !== undefined).length

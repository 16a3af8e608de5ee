import type { Setting } from './setting.ts'
import {
  AddressRanges,
  Count,
  Duration,
  Durations,
  Size,
  someOf,
  Switch,
  Text,
  TimerDuration,
  urlOf,
} from './setting-types.ts'

/** How the workers work, whom they may call, and where secrets come from. */
export const workerSettings = {
  VALIDATION_CONCURRENCY: {
    type: Count,
    default: '64',
    unit: 'count',
    readBy: ['validation-worker'],
    about: 'The most validations that one process runs at once.',
  },
  WEBHOOK_CONCURRENCY: {
    type: Count,
    default: '1024',
    unit: 'count',
    readBy: ['webhook-worker'],
    about:
      'The most deliveries that one process makes at once. A subscriber has 16 of them at most, so that some that hang leave room for the others.',
  },
  WEBHOOK_SCHEDULE: {
    type: Durations,
    default: '5s,5m,30m,2h,5h,10h,14h,20h,24h',
    unit: 'duration',
    readBy: ['webhook-worker'],
    about: 'How long after each failed attempt the next one follows; after the last one the delivery is exhausted.',
  },
  WEBHOOK_PAUSE_AFTER: {
    type: Duration,
    default: '3d',
    unit: 'duration',
    readBy: ['webhook-worker'],
    about: 'A subscriber that took nothing for so long is paused: its deliveries wait, and one at a time probes it.',
  },
  WEBHOOK_PROBE_INTERVAL: {
    type: Duration,
    default: '15m',
    unit: 'duration',
    readBy: ['webhook-worker'],
    about: 'How often a paused subscriber is probed; at the soonest 10 s after its time-out.',
  },
  SWEEP_INTERVAL: {
    type: TimerDuration,
    default: '15s',
    unit: 'duration',
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'How often runs and deliveries are looked for that nobody works on any more, or whose deadline has passed.',
  },
  OUTBOUND_ALLOW_ADDRESSES: {
    type: AddressRanges,
    default: '',
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'Private addresses that validators and subscribers may have all the same (IP addresses or CIDR ranges).',
  },
  OUTBOUND_ALLOW_HTTP: {
    type: Switch,
    default: 'false',
    readBy: ['validation-worker', 'webhook-worker'],
    about:
      'Allows http:// besides https:// for public addresses; addresses of OUTBOUND_ALLOW_ADDRESSES may always use it.',
  },
  OUTBOUND_MAX_RESPONSE_BYTES: {
    type: Size,
    default: '1MiB',
    unit: 'bytes',
    readBy: ['validation-worker'],
    about: 'The largest answer that is read from a validator.',
  },
  SECRET_SOURCES: {
    type: someOf('vault', 'files', 'env'),
    default: 'files,env',
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'Where {{NAME}} is looked up, in this order.',
  },
  SECRETS_DIR: {
    type: Text,
    default: '/var/run/secrets/keepr',
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'A folder with one file for each secret, as Kubernetes mounts them.',
  },
  VAULT_ADDR: {
    type: urlOf('https', 'http'),
    optional: true,
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'The address of HashiCorp Vault.',
  },
  VAULT_NAMESPACE: {
    type: Text,
    optional: true,
    readBy: ['validation-worker', 'webhook-worker'],
    about: "Vault's namespace.",
  },
  VAULT_PATH: {
    type: Text,
    default: 'secret/data/keepr',
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'The path of the KV v2 secret, `data` included, whose fields are the secrets.',
  },
  VAULT_TOKEN: {
    type: Text,
    optional: true,
    secret: true,
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'A token for Vault.',
  },
  VAULT_ROLE_ID: {
    type: Text,
    optional: true,
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'The role id for a login by AppRole.',
  },
  VAULT_SECRET_ID: {
    type: Text,
    optional: true,
    secret: true,
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'The secret id for a login by AppRole.',
  },
  VAULT_KUBERNETES_ROLE: {
    type: Text,
    optional: true,
    readBy: ['validation-worker', 'webhook-worker'],
    about: "The role for a login by the pod's service account.",
  },
  VAULT_KUBERNETES_TOKEN_FILE: {
    type: Text,
    default: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    readBy: ['validation-worker', 'webhook-worker'],
    about: "The file with the service account's token, read at each login.",
  },
  VAULT_AUTH_MOUNT: {
    type: Text,
    optional: true,
    readBy: ['validation-worker', 'webhook-worker'],
    about: 'Where the login method is mounted; approle or kubernetes when absent.',
  },
  VAULT_CACHE: {
    type: Duration,
    default: '30s',
    unit: 'duration',
    readBy: ['validation-worker', 'webhook-worker'],
    about:
      'How long values read from Vault are used before they are read again: how soon a rotated secret is picked up.',
  },
} as const satisfies Record<string, Setting>

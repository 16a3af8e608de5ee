type Node = { host: string; port: number }
type Login = { username?: string; password?: string }

/** Where Redis is: one server, a master that Sentinels know, or a Cluster. */
export type RedisTarget =
  | { kind: 'single'; url: string }
  | { kind: 'sentinel'; sentinels: Node[]; name: string; db: number; login: Login; sentinelLogin: Login; tls: boolean }
  | { kind: 'cluster'; nodes: Node[]; login: Login; tls: boolean }

const SHAPE =
  /^redis(s?)(?:-(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@]+)(?:\/(\d*))?(?:\?([^#]*))?$/
const DEFAULT_PORT = { single: 6379, sentinel: 26_379, cluster: 6379 } as const
const KNOWN = new Set(['name', 'sentinel_username', 'sentinel_password'])

/**
 * Reads `redis://host`, `redis-sentinel://host:26379,host:26379/0?name=master` or `redis-cluster://host,host`, each with
 * `rediss` for TLS and with `user:password@`. Several hosts are no URL by the standard, hence a grammar of our own.
 */
export function parseRedisUrl(text: string): RedisTarget | undefined {
  const [, s, word, user, password, hosts = '', db = '', query = ''] = SHAPE.exec(text) ?? []
  if (hosts === '') return undefined
  if (word === undefined) return URL.canParse(text) ? { kind: 'single', url: text } : undefined
  // SAFETY: the pattern admits no other word.
  const kind = word as 'sentinel' | 'cluster'
  const nodes = hosts.split(',').map((host) => nodeOf(host, DEFAULT_PORT[kind]))
  const asked = new URLSearchParams(query)
  if ([...asked.keys()].some((key) => kind === 'cluster' || !KNOWN.has(key))) return undefined
  const known = nodes.filter((node) => node !== undefined)
  const login = loginOf(decoded(user), decoded(password))
  if (known.length !== nodes.length || login === undefined) return undefined
  const tls = s === 's'
  if (kind === 'cluster') return db === '' || db === '0' ? { kind, nodes: known, login, tls } : undefined
  const name = asked.get('name')
  const sentinelLogin = loginOf(asked.get('sentinel_username') ?? '', asked.get('sentinel_password') ?? '')
  if (!name || sentinelLogin === undefined) return undefined
  return { kind, sentinels: known, name, db: Number(db), login, sentinelLogin, tls }
}

/** Where that is, without any password. */
export const hostsOf = (text: string): string => SHAPE.exec(text)?.[5] ?? ''

function nodeOf(text: string, defaultPort: number): Node | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const number = port === undefined ? defaultPort : Number(port)
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number }
}

const loginOf = (username: string | undefined, password: string | undefined): Login | undefined =>
  username === undefined || password === undefined
    ? undefined
    : { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) }

function decoded(text = ''): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray %
  }
}

import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { portOf } from '../../src/runtime/port-of.ts'
import { createRedactor } from '../../src/runtime/redactor.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { createSecrets, SecretMissing, SecretSourceUnreachable } from '../../src/runtime/secrets/secrets.ts'
import { aFolder } from './a-folder.ts'

const NAMES = [
  'SECRET_SOURCES',
  'SECRETS_DIR',
  'VAULT_ADDR',
  'VAULT_NAMESPACE',
  'VAULT_PATH',
  'VAULT_TOKEN',
  'VAULT_ROLE_ID',
  'VAULT_SECRET_ID',
  'VAULT_KUBERNETES_ROLE',
  'VAULT_KUBERNETES_TOKEN_FILE',
  'VAULT_AUTH_MOUNT',
  'VAULT_CACHE',
] as const

const secretsOf = async (env: Record<string, string>) => {
  const redactor = createRedactor()
  const secrets = await createSecrets(readSettings(env, NAMES), { env, redactor, log: pino({ level: 'silent' }) })
  onTestFinished(() => secrets.close())
  return { secrets, redactor }
}

/** A Vault that speaks KV v2, AppRole and Kubernetes over real HTTP. */
async function fakeVault() {
  const vault = {
    fields: { TOKEN: 'from-vault' } as Record<string, string> | undefined,
    valid: new Set(['root']),
    leaseSeconds: 3600,
    ownToken: { ttl: 0, renewable: false },
    sealed: false,
    requests: [] as string[],
    logins: 0,
    address: '',
    stop: () => {},
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      vault.requests.push(`${request.method} ${request.url} ${body}`)
      const send = (status: number, answer: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      if (vault.sealed) return send(503, { errors: ['Vault is sealed'] })
      const known = vault.valid.has(String(request.headers['x-vault-token']))
      if (request.url === '/v1/auth/approle/login' || request.url === '/v1/auth/k8s/login') {
        vault.logins += 1
        const client_token = `login-${vault.logins}`
        vault.valid.add(client_token)
        return send(200, { auth: { client_token, lease_duration: vault.leaseSeconds, renewable: true } })
      }
      if (!known) return send(403, { errors: ['permission denied'] })
      if (request.url === '/v1/auth/token/renew-self')
        return send(200, {
          auth: { client_token: request.headers['x-vault-token'], lease_duration: 3600, renewable: true },
        })
      if (request.url === '/v1/auth/token/lookup-self') return send(200, { data: vault.ownToken })
      if (request.url === '/v1/secret/data/keepr' && vault.fields) return send(200, { data: { data: vault.fields } })
      if (request.url === '/v1/secret/keepr')
        return send(404, { data: null, warnings: ['Invalid path for a versioned K/V secrets engine.'] })
      if (request.url === '/v1/other/data/keepr') return send(404, { errors: ['no handler for route'] })
      return send(404, { errors: [] })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  vault.address = `http://127.0.0.1:${portOf(server)}`
  vault.stop = () => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(() => vault.stop())
  return vault
}

describe('resolving', () => {
  test('fills in every place of a template from the environment', async () => {
    const { secrets, redactor } = await secretsOf({ SECRET_SOURCES: 'env', A: 'alpha', B_2: 'be$&ta' })
    expect(await secrets.resolve('Bearer {{A}}:{{B_2}}:{{A}} {{lower}}')).toBe('Bearer alpha:be$&ta:alpha {{lower}}')
    expect(redactor.scrub('it was alpha')).not.toContain('alpha')
  })

  test('a secret that nobody has is named', async () => {
    const { secrets } = await secretsOf({ SECRET_SOURCES: 'env', EMPTY: '' })
    await expect(secrets.resolve('{{NOBODY}}')).rejects.toEqual(new SecretMissing('NOBODY'))
    expect(await secrets.missing(['{{NOBODY}}', 'x {{EMPTY}}', 'plain'])).toEqual(['NOBODY', 'EMPTY'])
  })

  test('what one source does not have is looked for in the next', async () => {
    const folder = await aFolder()
    await writeFile(join(folder, 'ONE'), 'from-file\n')
    const { secrets } = await secretsOf({
      SECRET_SOURCES: 'files,env',
      SECRETS_DIR: folder,
      ONE: 'from-env',
      TWO: 'from-env',
    })
    expect(await secrets.resolve('{{ONE}} {{TWO}}')).toBe('from-file from-env')
  })

  test('a source that cannot be asked is an error, and the next one is not asked', async () => {
    const folder = await aFolder()
    await mkdir(join(folder, 'ONE')) // a folder where a file should be
    const { secrets } = await secretsOf({ SECRET_SOURCES: 'files,env', SECRETS_DIR: folder, ONE: 'outdated' })
    await expect(secrets.resolve('{{ONE}}')).rejects.toBeInstanceOf(SecretSourceUnreachable)
  })

  test('a mounted secret that Kubernetes swaps is picked up', async () => {
    const folder = await aFolder()
    for (const [version, value] of [
      ['v1', 'old'],
      ['v2', 'new'],
    ] as const) {
      await mkdir(join(folder, version))
      await writeFile(join(folder, version, 'KEY'), value)
    }
    await symlink('v1', join(folder, '..data'))
    await symlink('..data/KEY', join(folder, 'KEY'))
    const { secrets } = await secretsOf({ SECRET_SOURCES: 'files', SECRETS_DIR: folder })
    expect(await secrets.resolve('{{KEY}}')).toBe('old')
    await symlink('v2', join(folder, '..next'))
    await rename(join(folder, '..next'), join(folder, '..data'))
    await rm(join(folder, 'v1'), { recursive: true })
    expect(await secrets.resolve('{{KEY}}')).toBe('new')
  })
})

describe('Vault', () => {
  test('is asked with a token, and a rotated secret is picked up without a restart', async () => {
    const vault = await fakeVault()
    const { secrets } = await secretsOf({
      SECRET_SOURCES: 'vault',
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: 'root',
      VAULT_CACHE: '20ms',
    })
    expect(await secrets.resolve('{{TOKEN}}')).toBe('from-vault')
    vault.fields = { TOKEN: 'rotated' }
    await vi.waitFor(async () => expect(await secrets.resolve('{{TOKEN}}')).toBe('rotated'))
  })

  test('values are remembered for a while, and asked for once by many', async () => {
    const vault = await fakeVault()
    const { secrets } = await secretsOf({ SECRET_SOURCES: 'vault', VAULT_ADDR: vault.address, VAULT_TOKEN: 'root' })
    await Promise.all(Array.from({ length: 20 }, () => secrets.resolve('{{TOKEN}}')))
    expect(vault.requests.filter((line) => line.includes('secret/data'))).toHaveLength(1)
  })

  test('is logged in to by AppRole, and again when the token is revoked', async () => {
    const vault = await fakeVault()
    const { secrets } = await secretsOf({
      SECRET_SOURCES: 'vault',
      VAULT_ADDR: vault.address,
      VAULT_ROLE_ID: 'role',
      VAULT_SECRET_ID: 'sid',
      VAULT_CACHE: '1ms',
    })
    expect(await secrets.resolve('{{TOKEN}}')).toBe('from-vault')
    vault.valid.clear()
    await vi.waitFor(async () => {
      await secrets.resolve('{{TOKEN}}')
      expect(vault.logins).toBe(2)
    })
    expect(vault.requests[0]).toBe('POST /v1/auth/approle/login {"role_id":"role","secret_id":"sid"}')
  })

  test('is logged in to by the service account, and the lease is renewed before it ends', async () => {
    const vault = await fakeVault()
    vault.leaseSeconds = 0.15
    const jwt = join(await aFolder(), 'token')
    await writeFile(jwt, 'e.y.J\n')
    const { secrets } = await secretsOf({
      SECRET_SOURCES: 'vault',
      VAULT_ADDR: vault.address,
      VAULT_KUBERNETES_ROLE: 'keepr',
      VAULT_KUBERNETES_TOKEN_FILE: jwt,
      VAULT_AUTH_MOUNT: 'k8s',
    })
    expect(await secrets.resolve('{{TOKEN}}')).toBe('from-vault')
    expect(vault.requests[0]).toBe('POST /v1/auth/k8s/login {"role":"keepr","jwt":"e.y.J"}')
    await vi.waitFor(() => expect(vault.requests.some((line) => line.includes('renew-self'))).toBe(true))
  })

  test('a token that it could not be asked about at first is renewed all the same', async () => {
    const vault = await fakeVault()
    Object.assign(vault, { sealed: true, ownToken: { ttl: 0.15, renewable: true } })
    const { secrets } = await secretsOf({ SECRET_SOURCES: 'vault', VAULT_ADDR: vault.address, VAULT_TOKEN: 'root' })
    await expect(secrets.resolve('{{TOKEN}}')).rejects.toBeInstanceOf(SecretSourceUnreachable)
    vault.sealed = false
    expect(await secrets.resolve('{{TOKEN}}')).toBe('from-vault')
    await vi.waitFor(() => expect(vault.requests.join()).toContain('renew-self'))
  })

  test('a renewal that meets an outage is tried until it is over, also while nothing is asked', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const vault = await fakeVault()
    vault.ownToken = { ttl: 60, renewable: true }
    const { secrets } = await secretsOf({ SECRET_SOURCES: 'vault', VAULT_ADDR: vault.address, VAULT_TOKEN: 'root' })
    expect(await secrets.resolve('{{TOKEN}}')).toBe('from-vault')
    const asked = async (path: string) => {
      vault.requests.length = 0
      await vi.waitFor(() => {
        vi.advanceTimersByTime(60_000)
        expect(vault.requests.join()).toContain(path)
      })
    }
    vault.sealed = true
    await asked('renew-self')
    await asked('lookup-self')
    vault.sealed = false
    await asked('renew-self')
  })

  test.each(['secret/keepr', 'other/data/keepr'])(
    'the path %s, which no KV v2 engine serves, is no absence',
    async (path) => {
      const vault = await fakeVault()
      const env = { SECRET_SOURCES: 'vault,env', VAULT_ADDR: vault.address, VAULT_TOKEN: 'root', TOKEN: 'outdated' }
      const { secrets } = await secretsOf({ ...env, VAULT_PATH: path })
      await expect(secrets.resolve('{{TOKEN}}')).rejects.toMatchObject({
        cause: { message: expect.stringContaining('VAULT_PATH') as string },
      })
    },
  )

  test('what it does not have is looked for in the next source', async () => {
    const vault = await fakeVault()
    const env = {
      SECRET_SOURCES: 'vault,env',
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: 'root',
      VAULT_CACHE: '1ms',
      OTHER: 'from-env',
    }
    const { secrets } = await secretsOf(env)
    expect(await secrets.resolve('{{OTHER}}')).toBe('from-env')
    vault.fields = undefined // nothing at the path at all
    await vi.waitFor(async () => expect(await secrets.missing(['{{TOKEN}}'])).toEqual(['TOKEN']))
  })

  test('unreachable or refusing, it is an error that shows no token, and nothing else is asked', async () => {
    const vault = await fakeVault()
    const env = { SECRET_SOURCES: 'vault,env', VAULT_ADDR: vault.address, VAULT_TOKEN: 'tok-canary', TOKEN: 'outdated' }
    const { secrets } = await secretsOf(env)
    const refused: unknown = await secrets.resolve('{{TOKEN}}').catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(SecretSourceUnreachable)
    vault.stop()
    const unreachable: unknown = await secrets.resolve('{{TOKEN}}').catch((error: unknown) => error)
    expect(unreachable).toBeInstanceOf(SecretSourceUnreachable)
    const written: string[] = []
    const log = pino({}, { write: (line: string) => void written.push(line) })
    log.error({ err: refused })
    log.error({ err: unreachable })
    expect(written.join('')).toContain('403')
    expect(written.join('')).not.toContain('tok-canary')
  })

  test('one that hangs costs a start its patience once, however many secrets are looked for', async () => {
    let asked = 0
    const hanging = createServer(() => (asked += 1))
    hanging.listen(0, '127.0.0.1')
    await once(hanging, 'listening')
    onTestFinished(() => void hanging.close())
    const env = {
      SECRET_SOURCES: 'vault',
      VAULT_ADDR: `http://127.0.0.1:${portOf(hanging)}`,
      VAULT_ROLE_ID: 'role',
      VAULT_SECRET_ID: 'secret',
    }
    const looking = (await secretsOf(env)).secrets.missing(['{{ONE}} {{TWO}}', '{{THREE}}'])
    await vi.waitFor(() => expect(asked).toBe(1))
    hanging.closeAllConnections()
    expect(await looking).toEqual([])
    expect(asked).toBe(1)
  })
})

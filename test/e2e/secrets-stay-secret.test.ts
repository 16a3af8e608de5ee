import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { startNetwork } from '@keepr/dev-env/network'
import { rolePasswords } from '@keepr/dev-env/role-passwords'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { startWebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { postgres } from '@keepr/db/driver/postgres'
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { type Behaviour, httpPeer, json } from '../../apps/validation-worker/test/support/http-peer.ts'
import { vaultPeer } from './vault-peer.ts'

const canaries = new Map<string, string>()
const canary = (name: string, prefix = '') => {
  const value = `${prefix}${randomBytes(24).toString('base64')}`
  canaries.set(name, value)
  return value
}

/** A validator that tells whatever it was sent, in every place of an answer that is stored, shown or announced. */
const telltale: Behaviour = (request, response, socket) => {
  const heard = `${request.path} ${Object.entries(request.headers).join(' ')}`
  const finding = { severity: 'low', code: heard.slice(0, 200), message: heard, path: `/${heard}` }
  const body = {
    valid: !request.body.includes('"bad"'),
    findings: [finding],
    report_url: `https://reports.test/?${heard}`,
  }
  const later = request.body.includes('"slow"')
  const answer = request.body.includes('"error"')
    ? json(500, { error: heard }, { 'x-error': heard })
    : later
      ? json(202, {}, { location: `/later?heard=${encodeURIComponent(heard)}`, 'retry-after': '0' })
      : json(200, body)
  answer(request, response, socket)
}

const yaml = (folder: string, file: string, content: object) =>
  writeFileSync(join(folder, file), JSON.stringify(content))

/** Mounted secrets as Kubernetes makes them: a new folder each time, swapped in by a symlink. */
function mountSecrets(folder: string, version: string, files: Record<string, string>): void {
  mkdirSync(join(folder, version))
  for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, version, name), value)
  symlinkSync(version, join(folder, '..next'))
  renameSync(join(folder, '..next'), join(folder, '..data'))
}

test('no secret is found anywhere after a run of everything', { timeout: 120_000 }, async () => {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'keepr-secrets-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755) // the database's user passes through
  const login = { roleId: 'keepr', secretId: canary('VAULT_SECRET_ID'), token: canary('the token of Vault') }
  const vault = stack.use(
    await vaultPeer(login, { FROM_VAULT: canary('FROM_VAULT'), SIGNING: canary('SIGNING', 'whsec_') }),
  )
  const mounted = join(folder, 'mounted')
  mkdirSync(mounted)
  mountSecrets(mounted, 'v1', { FROM_FILE: canary('FROM_FILE') })
  symlinkSync('..data/FROM_FILE', join(mounted, 'FROM_FILE'))

  const checkr = stack.use(await httpPeer(telltale))
  const receiver = stack.use(
    await startWebhookReceiver({ port: await freePort(), secrets: [vault.fields['SIGNING'] ?? ''] }),
  )
  const gossip = stack.use(
    await httpPeer((request, response, socket) =>
      json(500, { you_sent: request.headers, to: request.path })(request, response, socket),
    ),
  )
  const config = join(folder, 'config')
  mkdirSync(config)
  const checked = (header: string, query = '') => ({
    requires_validation: true,
    validator: { url: `${checkr.url}/check${query}`, headers: { 'x-key': header }, backoff: '100ms', attempts: 2 },
  })
  yaml(config, 'artifact_type_config.yaml', {
    types: {
      by_vault: checked('Bearer {{FROM_VAULT}}'),
      by_file: checked('Token {{FROM_FILE}}'),
      by_env: checked('{{FROM_ENV}}', '?key={{FROM_ENV}}'),
      by_nobody: checked('{{NOBODY_HAS_IT}}'),
      nowhere: { ...checked('x'), validator: { url: 'http://127.0.0.1:1/?key={{FROM_ENV}}', attempts: 1 } },
    },
  })
  const events = ['published', 'blocked', 'rollback', 'recheck_failed', 'verification_held']
  const subscriber = (name: string, url: string) => ({
    name,
    url,
    events,
    secret: '{{SIGNING}}',
    headers: { 'x-one': '{{FROM_FILE}}', 'x-two': 'Basic {{FROM_ENV}}', 'x-three': '{{FROM_VAULT}}' },
  })
  yaml(config, 'webhooks.yaml', {
    subscribers: [
      subscriber('quiet', `http://127.0.0.1:${receiver.port}/?key={{FROM_ENV}}`),
      subscriber('gossip', `${gossip.url}/hook?key={{FROM_ENV}}`),
      subscriber('nowhere', 'http://127.0.0.1:1/?key={{FROM_VAULT}}'),
    ],
  })

  const printed: string[] = []
  const network = await startNetwork({
    port: await freePort(),
    dataDir: join(folder, 'data'),
    configDir: config,
    durable: false,
    print: (line) => void printed.push(line),
    env: {
      LOG_LEVEL: 'trace',
      LOG_PRETTY: 'false',
      SECRET_SOURCES: 'vault,files,env',
      VAULT_ADDR: vault.url,
      VAULT_ROLE_ID: login.roleId,
      VAULT_SECRET_ID: login.secretId,
      VAULT_CACHE: '200ms',
      SECRETS_DIR: mounted,
      FROM_ENV: canary('FROM_ENV'),
      WEBHOOK_SCHEDULE: '100ms,100ms',
      SWEEP_INTERVAL: '1s',
    },
  })
  stack.use(network)
  canaries.set('JWT_SECRET', network.jwtSecret)
  for (const [role, password] of Object.entries(rolePasswords(network.databaseUrl))) canaries.set(role, password)
  const admin = postgres(network.databaseUrl, { max: 2, onnotice: () => {} })
  stack.defer(() => admin.end())
  // A job leaves the queue within milliseconds: whatever it was is noted on its way in.
  await admin.unsafe(`
    create table public.seen_jobs (row text);
    create function public.see_job() returns trigger language plpgsql security definer as
      $$ begin insert into public.seen_jobs values (new::text); return new; end $$;
    create trigger see_job after insert or update on bullmq.job for each row execute function public.see_job()`)

  const answers: string[] = []
  let calls = 0
  const tokens = new Map<string, string>()
  for (const [user, roles] of [
    ['alice', ['author']],
    ['olga', ['admin', 'operator']],
  ] as const) {
    const token = await developmentToken({
      secret: network.jwtSecret,
      group: 'acme',
      user,
      roles: [...roles],
      expires: '1h',
    })
    tokens.set(user, token)
    canaries.set(`the token of ${user}`, token)
  }
  const call = async (
    method: string,
    path: string,
    body?: object | string,
    authorization = `Bearer ${tokens.get('alice')}`,
  ) => {
    const answer = await fetch(`${network.url}${path}`, {
      method,
      headers: {
        authorization,
        'content-type': 'application/json',
        prefer: 'wait=15',
        'idempotency-key': `${++calls}`,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    answers.push(`${answer.status} ${JSON.stringify([...answer.headers])} ${text}`)
    return { status: answer.status, text }
  }
  const submit = async (type: string, content: string) => {
    const { status } = await call('POST', '/artifacts/', {
      name: `${type}-${content}`,
      type,
      content: { [content]: 1 },
    })
    expect([201, 202]).toContain(status)
  }
  const asOperator = `Bearer ${tokens.get('olga')}`

  const ways = ['by_vault', 'by_file', 'by_env'].flatMap((type) =>
    ['good', 'bad', 'error', 'slow'].map((way) => [type, way] as const),
  )
  await Promise.all(ways.map(([type, way]) => submit(type, way)))
  await submit('nowhere', 'good')
  // Its secret is missing: it waits for the operator, so nobody waits for it.
  await Promise.race([
    submit('by_nobody', 'good'),
    waitFor(() => printed.some((line) => line.includes('secret_missing')), 'the missing secret'),
  ])

  // Rotation, in every source that can be rotated while a service runs.
  vault.fields = { ...vault.fields, FROM_VAULT: canary('FROM_VAULT, rotated') }
  mountSecrets(mounted, 'v2', { FROM_FILE: canary('FROM_FILE, rotated') })
  const sent = () => checkr.requests.map(({ headers }) => String(headers['x-key'])).join(' ')
  await waitFor(async () => {
    await submit('by_vault', `again-${calls}`)
    return sent().includes(canaries.get('FROM_VAULT, rotated') ?? 'never')
  }, 'the rotated secret of Vault')
  await submit('by_file', 'again')

  // What is refused, with secrets in places where they do not belong.
  await call('GET', `/artifacts/?token=${tokens.get('alice')}`)
  await call('GET', '/artifacts/', undefined, `Bearer ${tokens.get('alice')}x`)
  await call('GET', '/artifacts/', undefined, `Basic ${tokens.get('alice')}`)
  await call('POST', '/artifacts/', `{"name": "${tokens.get('alice')}`)
  await call('POST', '/rechecks', { type: 'by_env' }, asOperator)
  await call('POST', '/artifacts/by_env-bad/1/revalidate', {})
  await waitFor(async () => {
    const { text } = await call('GET', '/rechecks', undefined, asOperator)
    return text.includes('"done"')
  }, 'the re-validation')
  const attempted = async (name: string) =>
    (
      await admin`
    select from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id where d.subscriber = ${name}`
    ).length
  await waitFor(async () => (await attempted('gossip')) > 2 && (await attempted('nowhere')) > 2, 'attempts in vain')
  await waitFor(() => receiver.received.length > 3, 'webhooks')
  for (const path of [
    '/webhooks/deliveries?limit=200',
    '/events?limit=200',
    '/artifacts/?limit=200',
    '/types',
    '/readyz',
    '/metrics',
  ])
    await call('GET', path, undefined, asOperator)
  await call('GET', '/artifacts/by_env-bad/1/events')
  await call('GET', '/artifacts/by_env-bad/1')

  // Everything arrived where it belongs: what is not found below was there to be found.
  const known = (name: string) => canaries.get(name) ?? 'never'
  expect(sent()).toContain(`Bearer ${known('FROM_VAULT')}`)
  expect(sent()).toContain(`Token ${known('FROM_FILE')}`)
  expect(sent()).toContain(`Token ${known('FROM_FILE, rotated')}`)
  expect(checkr.requests.some(({ path }) => path.includes(known('FROM_ENV')))).toBe(true)
  expect(receiver.received.every(({ verified }) => verified)).toBe(true)
  expect(gossip.requests.at(-1)?.headers['x-one']).toBe(known('FROM_FILE, rotated'))

  const places = {
    'the tables': await everythingStored(admin),
    'the logs': printed.join('\n'),
    'the answers of the API': answers.join('\n'),
    'the bodies of webhooks': [...receiver.received, ...gossip.requests].map(({ body }) => body).join('\n'),
  }
  for (const service of ['api', 'validation', 'webhook'])
    expect(printed.filter((line) => line.startsWith(service)).length).toBeGreaterThan(2)
  expect(places['the answers of the API']).toContain('application/problem+json')
  for (const [place, text] of Object.entries(places)) expectNone(place, text)
})

/** Every row of every table, those of the queue included. */
async function everythingStored(admin: Sql): Promise<string> {
  const tables = await admin<{ schema: string; name: string }[]>`
    select schemaname as schema, tablename as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`
  const rows: { row: string }[] = []
  for (const { schema, name } of tables)
    rows.push(...(await admin<{ row: string }[]>`select t::text as row from ${admin(schema)}.${admin(name)} t`))
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['webhook_attempts', 'seen_jobs', 'outbox']))
  expect((await admin`select from seen_jobs`).length).toBeGreaterThan(20)
  return rows.map(({ row }) => row).join('\n')
}

/** Also not as it stands in URLs, in JSON within JSON, or in parts. */
function expectNone(place: string, text: string): void {
  for (const [name, value] of canaries) {
    const forms = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), value.slice(8, 28)]
    const at = forms.map((form) => text.indexOf(form)).find((index) => index >= 0)
    if (at !== undefined) expect.fail(`${name} stands in ${place}: …${text.slice(Math.max(at - 200, 0), at + 80)}…`)
  }
}

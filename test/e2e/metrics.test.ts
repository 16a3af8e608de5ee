import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { type Network, startNetwork } from '@keepr/dev-env/network'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { startWebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { httpPeer, json } from '../../apps/validation-worker/test/support/http-peer.ts'
import { readPromql } from './promql.ts'
import { type Scraped, scrapedMetrics } from './scraped-metrics.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const stack = new AsyncDisposableStack()
let metrics: Map<string, Scraped>
/** What Prometheus itself adds to each series. */
const ADDED = new Set(['instance', 'job'])

/** Everything once: something passes, something fails, something is delivered, something cannot be. */
async function someLife(network: Network): Promise<void> {
  const token = await developmentToken({
    secret: network.jwtSecret,
    group: 'acme',
    user: 'alice',
    roles: ['author'],
    expires: '1h',
  })
  for (const [type, content] of [
    ['free', 1],
    ['checked', 1],
    ['checked', 'bad'],
  ] as const) {
    const answer = await fetch(`${network.url}/artifacts/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=20' },
      body: JSON.stringify({ name: `${type}-${content}`, type, content: { content } }),
    })
    expect(answer.status).toBe(201)
  }
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-metrics-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755) // the database's user passes through
  const checkr = stack.use(
    await httpPeer((request, ...rest) => json(200, { valid: !request.body.includes('bad') })(request, ...rest)),
  )
  const secret = `whsec_${randomBytes(24).toString('base64')}`
  const receiver = stack.use(await startWebhookReceiver({ port: await freePort(), secrets: [secret] }))
  const configDir = join(folder, 'config')
  mkdirSync(configDir)
  const types = {
    free: { requires_validation: false },
    checked: { requires_validation: true, validator: { url: checkr.url } },
  }
  const subscribers = [receiver.port, 1].map((port) => ({
    name: `to-${port === 1 ? 'nobody' : 'somebody'}`,
    url: `http://127.0.0.1:${port}/`,
    events: ['published', 'blocked'],
    secret: '{{METRICS_SECRET}}',
  }))
  writeFileSync(join(configDir, 'artifact_type_config.yaml'), JSON.stringify({ types }))
  writeFileSync(join(configDir, 'webhooks.yaml'), JSON.stringify({ subscribers }))
  const network = stack.use(
    await startNetwork({
      port: await freePort(),
      dataDir: join(folder, 'data'),
      configDir,
      durable: false,
      env: { METRICS_SECRET: secret, LOG_LEVEL: 'warn' },
    }),
  )
  await someLife(network)
  const scrape = async () => {
    const answers = await Promise.all(Object.values(network.services).map(({ metricsUrl }) => fetch(metricsUrl)))
    return await Promise.all(answers.map((answer) => answer.text()))
  }
  const texts = await waitFor(
    async () => {
      const found = await scrape()
      const all = found.join('\n')
      return (
        /attempts_total\{[^}]*delivered[^}]*\} [1-9]/u.test(all) &&
        /attempts_total\{[^}]*retry[^}]*\} [1-9]/u.test(all) &&
        found
      )
    },
    'deliveries to be counted',
    30_000,
  )
  metrics = scrapedMetrics(texts)
}, 90_000)
afterAll(() => stack.disposeAsync(), 60_000)

/** What is wrong with an expression, as no panel and no alert would ever tell. */
function offences(expression: string): string[] {
  const plain = expression.replaceAll('$__rate_interval', '5m').replaceAll(/"\$\w+"/gu, '".*"')
  const { selectors, groupings } = readPromql(plain)
  if (selectors.length === 0) return [`asks for nothing: ${expression}`]
  return selectors.flatMap(({ metric, matchers }) => {
    const base = metric.replace(/_(bucket|sum|count)$/u, '')
    const found = metrics.get(metric) ?? metrics.get(base)
    if (found === undefined) return [`${metric} does not exist`]
    if (base !== metric && !metrics.has(metric) && !['histogram', 'summary'].includes(found.kind))
      return [`${metric} is no histogram`]
    const unknown = [...matchers.map(({ label }) => label), ...groupings].filter(
      (label) => !found.labels.has(label) && !ADDED.has(label),
    )
    const never = matchers.filter(
      ({ label, operator, value }) => operator === '=' && found.labels.get(label)?.has(value) === false,
    )
    return [
      ...unknown.map((label) => `${metric} has no label ${label}`),
      ...never.map(({ label, value }) => `${metric} never has ${label}="${value}"`),
    ]
  })
}

// SAFETY: files of ours; a wrong shape fails the assertions on their lengths.
const alerts = (
  parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: { alert: string; expr: string }[] }[] }
).groups.flatMap(({ rules }) => rules)
const dashboard = JSON.parse(read('deploy/grafana/keepr.json')) as {
  panels: { title: string; targets?: { expr: string }[] }[]
  templating: { list: { name: string; query: string | { query: string } }[] }
}
const panels = dashboard.panels.filter(({ targets }) => targets !== undefined)

/** The rows of a table of docs/metrics.md, as cells. */
const rowsOf = (heading: string) =>
  (read('docs/metrics.md').split(`## ${heading}`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )

describe('what the running services show', () => {
  test('is what docs/metrics.md tells: names, kinds, labels and services', () => {
    const told = rowsOf('What is measured').map(([name = '', kind, labels = '', service = '']) => ({
      name,
      kind,
      labels: labels
        .split(', ')
        .filter((label) => label !== '')
        .toSorted(),
      services: service === 'all' ? ['api', 'validation-worker', 'webhook-worker'] : service.split(', ').toSorted(),
    }))
    const shown = [...metrics]
      .filter(([name]) => name.startsWith('keepr_'))
      .map(([name, { kind, labels, services }]) => ({
        name,
        kind,
        labels: [...labels.keys()].filter((label) => !['service', 'le'].includes(label)).toSorted(),
        services: [...services].toSorted(),
      }))
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
    expect(told.toSorted(byName)).toEqual(shown.toSorted(byName))
  })

  test('follows the conventions of Prometheus', () => {
    for (const [name, { kind }] of metrics) {
      if (!name.startsWith('keepr_')) continue
      expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/u)
      expect(name.endsWith('_total')).toBe(kind === 'counter')
      if (kind === 'histogram') expect(name).toMatch(/_duration_seconds$/u)
    }
  })

  test('names no group, no user and no artifact', () => {
    const values = [...metrics.values()].flatMap(({ labels }) => [...labels.values()].flatMap((seen) => [...seen]))
    expect(values).toContain('checked')
    for (const name of ['acme', 'alice', 'checked-1', 'free-1']) expect(values).not.toContain(name)
  })
})

describe('alert rules and dashboard', () => {
  test.each(alerts.map(({ alert, expr }) => [alert, expr] as const))('%s asks for what is there', (_alert, expr) => {
    expect(offences(expr)).toEqual([])
  })

  test('there is a line on what to do at each alert', () => {
    expect(alerts.length).toBeGreaterThan(10)
    expect(rowsOf('What to do at an alert').map(([name]) => name)).toEqual(alerts.map(({ alert }) => alert))
  })

  test.each(panels.map(({ title, targets = [] }) => [title, targets] as const))(
    'the panel "%s" asks for what is there',
    (_title, targets) => {
      for (const { expr } of targets) expect(offences(expr)).toEqual([])
    },
  )

  test('every variable of the dashboard is filled by a label that is there, and every metric of ours is on it', () => {
    const queries = dashboard.templating.list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query]))
    expect(queries).toHaveLength(3)
    for (const query of queries) {
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/u.exec(query) ?? []
      expect(metrics.get(metric)?.labels.has(label)).toBe(true)
    }
    const shown = panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => readPromql(expr.replaceAll('$__rate_interval', '5m')).selectors),
    )
    const names = new Set(shown.map(({ metric }) => metric.replace(/_(bucket|sum|count)$/u, '')))
    expect([...metrics.keys()].filter((name) => name.startsWith('keepr_') && !names.has(name))).toEqual([])
  })

  test('an expression that asks for what is not there is found out', () => {
    expect(offences('rate(keepr_http_requests_total[5m])')).toEqual(['keepr_http_requests_total does not exist'])
    expect(offences('sum by (group) (keepr_queue_jobs{state="idle"})')).toEqual([
      'keepr_queue_jobs has no label group',
      'keepr_queue_jobs never has state="idle"',
    ])
    expect(() => offences('sum(keepr_queue_jobs')).toThrow('no PromQL')
  })
})

import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, type SettingsOf } from '@keepr/shared/runtime/settings'
import type { Service } from '@keepr/shared/runtime/settings/setting'
import { parseConfig } from '@keepr/shared/runtime/parse-config'
import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import { TypeConfigFile } from '@keepr/shared/schemas/type-config'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { images } from '../../build/images.ts'
import { settingsReadBy } from '../settings-read-by.ts'
import { checkManifest } from './check-manifest.ts'
import { chart, helm, type Manifest, manifestsIn, podsOf, type PodSpec, render } from './render.ts'

const SERVICES = ['api', 'validation-worker', 'webhook-worker'] as const
const sets = readdirSync(join(chart, 'ci')).map((file) => file.replace('-values.yaml', ''))
const rendered = new Map<string, Manifest[]>()
beforeAll(async () => {
  for (const set of sets) rendered.set(set, await render(set))
}, 120_000)

const of = (set: string): Manifest[] => rendered.get(set) ?? []
const podOf = (manifests: readonly Manifest[], name: string): PodSpec =>
  podsOf(manifests).get(name) ?? expect.fail(`there is no pod ${name}`)
const kinds = (set: string, kind: string) => of(set).filter((manifest) => manifest.kind === kind)
const envOf = (pod: PodSpec) => new Map((pod.containers[0]?.env ?? []).map((one) => [one.name, one]))

test('the chart is refused with values that are misspelt, no setting, or a secret in plain sight', async () => {
  const refusal = (set: string) => render('default', set).then(() => 'accepted', String)
  expect(await refusal('api.replica=3')).toContain("'replica' not allowed")
  expect(await refusal('settings.LOG_LEVEK=debug')).toContain('LOG_LEVEK')
  expect(await refusal('api.settings.JWT_SECRET=abc')).toContain('JWT_SECRET')
  expect(await refusal('webhookWorker.settings.PORT=1')).toContain('PORT')
  expect(await refusal('database.delivery=mail')).toContain('delivery')
  expect(await refusal('secrets.sources[0]=vault')).toContain('secrets.vault.address is needed')
  expect(await refusal('validationWorker.keda.enabled=true,database.delivery=files')).toContain('database.delivery=env')
})

describe.each(sets)('with the values of %s', (set) => {
  const pods = () => [...podsOf(of(set))]

  test('helm finds nothing to complain about', async () => {
    expect(await helm('lint', '--strict', chart, '--values', join(chart, 'ci', `${set}-values.yaml`))).toContain(
      '0 chart(s) failed',
    )
  })

  test('what is made fits the schemas of Kubernetes, with no field that they do not know', async () => {
    for (const manifest of of(set))
      expect(await checkManifest(manifest), `${manifest.kind} ${manifest.metadata.name}`).toEqual([])
    expect(of(set).length).toBeGreaterThan(10)
  })

  test('no two things have one name, and every label of a selector is borne', () => {
    const names = of(set).map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
    const labels = of(set).flatMap(({ spec }) =>
      spec?.template?.metadata.labels ? [spec.template.metadata.labels] : [],
    )
    for (const { spec } of [
      ...kinds(set, 'Service'),
      ...kinds(set, 'NetworkPolicy'),
      ...kinds(set, 'PodDisruptionBudget'),
    ]) {
      // SAFETY: of these three kinds, one has it.
      const selector = (spec?.['podSelector'] ?? spec?.['selector']) as { matchLabels?: Record<string, string> }
      const wanted = Object.entries(selector.matchLabels ?? selector)
      expect(labels.some((own) => wanted.every(([key, value]) => own[key] === value))).toBe(true)
    }
  })

  test('every pod is without rights: no root, no token, nothing to write to', () => {
    expect(pods().length).toBeGreaterThanOrEqual(4)
    for (const [name, pod] of pods()) {
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      })
      for (const container of pod.containers) {
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(container.resources?.requests, name).toHaveProperty('cpu')
        expect(container.resources?.limits, name).toHaveProperty('memory')
        for (const mount of container.volumeMounts ?? [])
          if (mount.name !== 'more') expect(mount.readOnly, mount.name).toBe(true)
      }
    }
  })

  test('every pod has a ServiceAccount of its own, and an image that is built', () => {
    const accounts = new Set(kinds(set, 'ServiceAccount').map(({ metadata }) => metadata.name))
    const used = pods().map(([, pod]) => pod.serviceAccountName ?? '')
    expect(new Set(used).size).toBe(used.length)
    for (const account of used) expect(accounts).toContain(account)
    for (const [name, pod] of pods()) {
      const [, image = '', tag] = /\/([a-z-]+):([^:]+)$/.exec(pod.containers[0]?.image ?? '') ?? []
      expect(Object.keys(images), name).toContain(image)
      expect(tag).not.toBe('latest')
    }
  })

  test.each(SERVICES)('%s is probed, spread, ended gently and given settings that it accepts', (name) => {
    const pod = podOf(of(set), name)
    const [container] = pod.containers
    expect(container).toMatchObject({
      startupProbe: { httpGet: { path: '/healthz' } },
      livenessProbe: { httpGet: { path: '/healthz' } },
      readinessProbe: { httpGet: { path: '/readyz' } },
    })
    expect(pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ])
    const settings = acceptedBy(name, pod)
    // SAFETY: every pod says so in seconds.
    expect(settings.shutdownGrace).toBeLessThan(
      (pod as unknown as { terminationGracePeriodSeconds: number }).terminationGracePeriodSeconds * 1000 - 5000,
    )
  })

  test('what pods mount is there, or the operator was told to make it', () => {
    const made = new Set(kinds(set, 'ConfigMap').map(({ metadata }) => metadata.name))
    const brought = ['keepr-files', 'company-ca']
    for (const [name, pod] of pods()) {
      const volumes = new Set((pod.volumes ?? []).map((volume) => volume.name))
      for (const mount of pod.containers[0]?.volumeMounts ?? []) expect(volumes, name).toContain(mount.name)
      for (const volume of pod.volumes ?? []) {
        const map = (volume['configMap'] as { name: string } | undefined)?.name // SAFETY: a volume of a ConfigMap names it.
        if (map !== undefined) expect([...made, ...brought], name).toContain(map)
      }
    }
  })

  test('the configuration is one that the services read', () => {
    for (const { data } of kinds(set, 'ConfigMap')) {
      const types = data?.['artifact_type_config.yaml']
      if (types === undefined) continue
      parseConfig('artifact_type_config.yaml', types, TypeConfigFile)
      parseConfig('webhooks.yaml', data?.['webhooks.yaml'] ?? '', SubscriberConfigFile)
    }
  })
})

/** Reads the container's environment as the service does; what comes from secrets is made up. */
function acceptedBy<S extends Service & (typeof SERVICES)[number]>(service: S, pod: PodSpec): SettingsOf<S> {
  const known = new Set([...settingsReadBy(service), 'NODE_EXTRA_CA_CERTS', 'MORE'])
  const env: Record<string, string> = {}
  for (const { name, value } of envOf(pod).values()) {
    expect(known, `${name} of ${service}`).toContain(name)
    const file = name.endsWith('_FILE') && name !== 'JWT_ISSUERS_FILE' && !name.startsWith('VAULT_')
    const plain = file ? name.replace(/_FILE$/, '') : name
    if (file)
      expect(
        pod.containers[0]?.volumeMounts?.some(({ mountPath }) => value?.startsWith(`${mountPath}/`)),
        name,
      ).toBe(true)
    env[plain] =
      file || value === undefined ? (plain === 'REDIS_URL' ? 'redis://made-up' : 'postgres://made-up') : value
  }
  return readSettings(env, service)
}

describe('what single values do', () => {
  const setting = (set: string, pod: string, name: string) => envOf(podOf(of(set), pod)).get(name)?.value

  test('the queue is on Redis only where it is enabled, and then nobody is given the queue of PostgreSQL', () => {
    expect([...envOf(podOf(of('default'), 'api')).keys()]).toContain('QUEUE_DATABASE_URL')
    const names = [...envOf(podOf(of('production'), 'validation-worker')).keys()]
    expect(names).toContain('REDIS_URL')
    expect(names).not.toContain('QUEUE_DATABASE_URL')
  })

  test('each service has the URL of its own role and no other; only the migration may do all', () => {
    const key = (pod: string) => envOf(podOf(of('production'), pod)).get('DATABASE_URL')?.valueFrom?.secretKeyRef?.key
    expect([...SERVICES, 'migrate'].map(key)).toEqual(['api-url', 'validation-url', 'webhook-url', 'migrate-url'])
    const mounted = podOf(of('files'), 'webhook-worker').volumes?.find(({ name }) => name === 'connections')
    expect(mounted).toMatchObject({
      projected: {
        sources: [{ secret: { items: [{ key: 'webhook-url' }] } }, { secret: { items: [{ key: 'url' }] } }],
      },
    })
  })

  test('mounted files leave nothing secret in the environment', () => {
    for (const [name, pod] of podsOf(of('files')))
      for (const variable of envOf(pod).values())
        expect(variable.valueFrom, `${variable.name} of ${name}`).toBeUndefined()
  })

  test('what is mounted has a place of its own, also where one secret has the URLs of PostgreSQL and Redis', async () => {
    const both = await render('files', 'redis.existingSecret=keepr-database', 'redis.key=redis-url')
    for (const [name, pod] of podsOf(both)) {
      const places = (pod.containers[0]?.volumeMounts ?? []).map(({ mountPath }) => mountPath)
      expect(new Set(places).size, name).toBe(places.length)
    }
  })

  test('names of the longest release are those of Services, and a version with a build fits labels', async () => {
    const release = 'the-artifacts-of-all-teams-of-the-platform-production'
    expect(release).toHaveLength(53)
    const built = await mkdtemp(join(tmpdir(), 'keepr-chart-'))
    onTestFinished(() => rm(built, { recursive: true }))
    await helm('package', chart, '--version', '1.2.3+build.7', '--app-version', '1.2.3+build.7', '--destination', built)
    const values = join(chart, 'ci/default-values.yaml')
    const text = await helm('template', release, join(built, 'keepr-1.2.3+build.7.tgz'), '--values', values)
    for (const { kind, metadata } of manifestsIn(text)) {
      if (kind === 'Service') expect(metadata.name).toMatch(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/)
      for (const value of Object.values(metadata.labels ?? {})) expect(value).toMatch(/^[\w.-]{1,63}$/)
    }
  })

  test('the migration and the test run where the services may', () => {
    const tolerated = (pod: string) => podOf(of('production'), pod).tolerations
    expect(tolerated('api')).toHaveLength(1)
    for (const pod of ['migrate', 'test']) expect(tolerated(pod), pod).toEqual(tolerated('api'))
  })

  test('Vault is logged in to with a short-lived token of its own audience, by the workers alone', () => {
    expect(setting('production', 'validation-worker', 'SECRET_SOURCES')).toBe('vault')
    expect(setting('production', 'validation-worker', 'VAULT_KUBERNETES_TOKEN_FILE')).toBe(
      '/var/run/secrets/vault/token',
    )
    const token = podOf(of('production'), 'webhook-worker').volumes?.find(({ name }) => name === 'vault-token')
    expect(token).toMatchObject({
      projected: { sources: [{ serviceAccountToken: { audience: 'vault', expirationSeconds: 600 } }] },
    })
    expect([...envOf(podOf(of('production'), 'api')).keys()].filter((name) => name.startsWith('VAULT_'))).toEqual([])
  })

  test('the migration is a hook before install and upgrade, with an account that is there before', () => {
    const hooks = of('default').filter(
      ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'migrate' && metadata.annotations,
    )
    const weight = (kind: string) =>
      Number(hooks.find((hook) => hook.kind === kind)?.metadata.annotations?.['helm.sh/hook-weight'])
    expect(hooks.map(({ metadata }) => metadata.annotations?.['helm.sh/hook'])).toEqual([
      'pre-install,pre-upgrade',
      'pre-install,pre-upgrade',
    ])
    expect(weight('ServiceAccount')).toBeLessThan(weight('Job'))
    expect(kinds('smallest', 'Job')).toEqual([])
  })

  test('what scales leaves the number of pods alone', () => {
    const replicas = (set: string) =>
      Object.fromEntries(
        kinds(set, 'Deployment').map(({ metadata, spec }) => [
          metadata.labels?.['app.kubernetes.io/component'],
          spec?.['replicas'],
        ]),
      )
    expect(replicas('production')).toEqual({
      api: undefined,
      'validation-worker': undefined,
      'webhook-worker': undefined,
    })
    expect(replicas('default')).toEqual({ api: 2, 'validation-worker': 2, 'webhook-worker': 2 })
    expect(kinds('production', 'HorizontalPodAutoscaler')).toHaveLength(1)
    expect(kinds('production', 'ScaledObject')).toHaveLength(2)
  })

  test('a changed configuration replaces pods only where that was asked for', async () => {
    const sum = async (set: string, ...values: string[]) =>
      (await render(set, ...values)).find(({ kind }) => kind === 'Deployment')?.spec?.template?.metadata.annotations?.[
        'checksum/config'
      ]
    expect(await sum('default')).toBeUndefined()
    const before = await sum('files')
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    expect(await sum('files', 'config.types.new.requires_validation=false')).not.toBe(before)
  })

  test('metrics stand on a port that neither Service nor Ingress of the API shows', () => {
    expect(setting('production', 'api', 'METRICS_PORT')).toBe('9090')
    const api = kinds('production', 'Service').find(({ metadata }) => metadata.name.endsWith('-api'))
    expect(api?.spec?.['ports']).toMatchObject([{ name: 'http' }])
    expect(kinds('production', 'ServiceMonitor')).toHaveLength(3)
    expect(JSON.stringify(kinds('production', 'Ingress'))).not.toContain('metrics')
  })

  test('pods reach DNS, PostgreSQL and what they must, and never a metadata service', () => {
    for (const { metadata, spec } of kinds('default', 'NetworkPolicy')) {
      expect(spec, metadata.name).toMatchObject({ policyTypes: ['Ingress', 'Egress'] })
      const text = JSON.stringify(spec?.['egress'])
      expect(text).toContain('5432')
      if (text.includes('0.0.0.0/0')) expect(text).toContain('169.254.0.0/16')
    }
    expect(kinds('default', 'NetworkPolicy')).toHaveLength(4)
    const allowed = JSON.stringify(kinds('production', 'NetworkPolicy').map(({ spec }) => spec?.['ingress']))
    expect(allowed.match(/"app.kubernetes.io\/component":"test"/g)).toHaveLength(4)
  })

  test('helm test asks the API and both workers, by names that are there', () => {
    const asked = podOf(of('smallest'), 'test').containers[0]?.args ?? []
    const services = kinds('smallest', 'Service').map(({ metadata }) => metadata.name)
    const hosts = asked.map((url) => new URL(url).hostname)
    expect(hosts).toEqual([
      'artifacts-api',
      'artifacts-api',
      'artifacts-validation-worker-metrics',
      'artifacts-webhook-worker-metrics',
    ])
    for (const host of hosts) expect(services).toContain(host)
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import type { Service } from '@keepr/shared/runtime/settings/setting'
import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import { TypeConfigFile } from '@keepr/shared/schemas/type-config'
import { parseConfig } from '@keepr/shared/runtime/parse-config'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { images } from '../build/images.ts'
import { settingsReadBy } from './settings-read-by.ts'

type ComposeService = {
  image: string
  build?: { target: string }
  profiles?: string[]
  ports?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  healthcheck?: object
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  volumes?: string[]
  network_mode?: string
}

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('docker-compose.yml')
// SAFETY: what is wrong about the shape fails the tests below.
const compose = parse(text, { merge: true }) as { services: Record<string, ComposeService>; volumes: object }
const { services } = compose
const ours = Object.entries(services).filter(([, { image }]) => image.startsWith('keepr/'))
const defaultOf = (value: string) => value.replaceAll(/\$\{[A-Z_]+:?-([^}]*)\}/g, '$1')

describe('docker-compose.yml', () => {
  test('runs every image, and builds each once', () => {
    const built = ours.flatMap(([, { build }]) => build?.target ?? [])
    expect(built.toSorted()).toEqual(Object.keys(images).toSorted())
    for (const [name, { image, build }] of ours) if (build) expect(image, name).toContain(`keepr/${build.target}:`)
  })

  test.each(Object.entries(services))(
    '%s names the version of its image and publishes on loopback only',
    (_, service) => {
      expect(defaultOf(service.image)).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?$/)
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/)
    },
  )

  test.each(ours)('%s may write nothing and gain no rights', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    for (const volume of service.volumes ?? []) expect(volume).toMatch(/:ro$/)
  })

  test('starts in order: secrets, database, migration, services', () => {
    const after = (name: string) =>
      Object.fromEntries(
        Object.entries(services[name]?.depends_on ?? {}).map(([other, { condition }]) => [other, condition]),
      )
    expect(after('postgres')).toEqual({ secrets: 'service_completed_successfully' })
    expect(after('migrate')).toEqual({ postgres: 'service_healthy' })
    for (const name of ['api', 'validation-worker', 'webhook-worker'])
      expect(after(name)).toMatchObject({ migrate: 'service_completed_successfully', redis: 'service_healthy' })
  })

  test('whatever is waited for to be healthy says how that is found', () => {
    const awaited = Object.values(services).flatMap(({ depends_on }) =>
      Object.entries(depends_on ?? {}).flatMap(([name, { condition }]) =>
        condition === 'service_healthy' ? [name] : [],
      ),
    )
    const dockerfile = read('Dockerfile')
    for (const name of new Set(awaited)) {
      const target = services[name]?.build?.target
      const inImage = target !== undefined && new RegExp(`AS ${target}\n[^]*?HEALTHCHECK --interval`).test(dockerfile)
      expect(services[name]?.healthcheck !== undefined || inImage, name).toBe(true)
    }
  })

  test('optional parts are profiles', () => {
    const profiles = Object.entries(services).flatMap(([name, service]) =>
      service.profiles ? [[name, service.profiles]] : [],
    )
    expect(Object.fromEntries(profiles)).toEqual({
      vault: ['vault'],
      prometheus: ['monitoring'],
      grafana: ['monitoring'],
    })
  })

  test.each<[string, Service]>([
    ['api', 'api'],
    ['validation-worker', 'validation-worker'],
    ['webhook-worker', 'webhook-worker'],
    ['migrate', 'migrate'],
  ])('%s is given settings that it reads, or secrets that its configuration names', (name, service) => {
    const config = ['artifact_type_config.yaml', 'webhooks.yaml']
      .map((file) => read(`deploy/compose/config/${file}`))
      .join()
    const named = [...config.matchAll(/\{\{([A-Z0-9_]+)\}\}/g)].map(([, secret]) => secret)
    const known = settingsReadBy(service)
    const given = Object.keys(services[name]?.environment ?? {})
    expect(given.filter((variable) => !known.has(variable) && !named.includes(variable))).toEqual([])
    expect(given.length).toBeGreaterThan(2)
  })

  test('reads no file of a secret that is not made, and the API none of the database or the workers', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keepr-secrets-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    execFileSync('sh', [join(root, 'deploy/compose/make-secrets.sh'), folder])
    const files = [...text.matchAll(/\/run\/keepr\/([a-z]+\/[A-Za-z_/]+)/g)].map(([, file]) => file ?? '')
    expect(files.length).toBeGreaterThan(10)
    for (const file of new Set(files)) expect(existsSync(join(folder, file)), file).toBe(true)
    const mounted = (name: string) =>
      services[name]?.volumes?.flatMap((volume) => /^[a-z]+-secrets/.exec(volume)?.[0] ?? [])
    expect(mounted('api')).toEqual(['api-secrets'])
    for (const name of ['validation-worker', 'webhook-worker', 'sample-checkr', 'sample-receiver'])
      expect(mounted(name)).toEqual(['worker-secrets'])
  })
})

test('.env.example lists every variable of the file, with its default', () => {
  const used = [...text.replaceAll(/^\s*#.*$/gm, '').matchAll(/\$\{([A-Z_]+):?-([^}]*)\}/g)].map(
    ([, name, value]) => `${name}=${value}`,
  )
  const example = read('.env.example')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  // VAULT_TOKEN has two: nothing for the workers, a word for the Vault that is started here.
  const known = new Set(used.filter((line) => line !== 'VAULT_TOKEN=keepr-development'))
  expect(example.toSorted()).toEqual([...known].toSorted())
})

test('the configuration of Compose is valid', () => {
  const types = 'deploy/compose/config/artifact_type_config.yaml'
  const shipped = parseConfig(
    'config/artifact_type_config.yaml',
    read('config/artifact_type_config.yaml'),
    TypeConfigFile,
  )
  expect(parseConfig(types, read(types), TypeConfigFile)).toEqual(shipped)
  const subscribers = 'deploy/compose/config/webhooks.yaml'
  expect(parseConfig(subscribers, read(subscribers), SubscriberConfigFile).subscribers).toHaveLength(1)
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Ajv } from 'ajv'
import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { configSchemas } from '../src/config-schemas.ts'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

describe('the published JSON Schemas of the configuration', () => {
  it.each(Object.entries(configSchemas()))('%s is current', (file, text) => {
    expect(read(`config/schema/${file}`)).toBe(text)
  })

  it('tell editors what each option means', () => {
    const types = JSON.parse(read('config/schema/artifact_type_config.schema.json'))
    const type = types.properties.types.additionalProperties.properties
    const subscriber = JSON.parse(read('config/schema/webhooks.schema.json')).properties.subscribers.items.properties
    for (const option of [type, type.validator.properties, subscriber].flatMap((options) => Object.entries(options)))
      expect(option).toEqual([option[0], expect.objectContaining({ description: expect.any(String) })])
  })

  it.each([
    ['artifact_type_config.schema.json', 'config/artifact_type_config.yaml'],
    ['webhooks.schema.json', 'config/webhooks.yaml'],
  ])('%s takes %s', (schema, file) => {
    const json = JSON.parse(read(`config/schema/${schema}`))
    const ajv = String(json.$schema).includes('2020-12') ? new Ajv2020({ strict: false }) : new Ajv({ strict: false })
    const validate = ajv.compile(json)
    expect(validate(parse(read(file))), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ types: { t: { requires_validation: 'yes' } }, subscribers: 1 })).toBe(false)
  })
})

describe('a subscriber', () => {
  const subscriber = { name: 'shop', url: 'https://shop.example.com/', events: ['published'], secret: '{{SECRET}}' }
  const takes = (changes: object) =>
    v.safeParse(SubscriberConfigFile, { subscribers: [{ ...subscriber, ...changes }] }).success

  it.each([
    { headers: { Authorization: 'Bearer {{TOKEN}}', 'X-Shop': '1' } },
    { secret: ['{{NEW}}', '{{OLD}}'] },
    { url: 'https://{{HOST}}:8443/hooks?key={{KEY}}' },
    { format: 'cloudevents', timeout: '30s', groups: ['acme'], usage_policies: ['public'] },
  ])('may be configured with %j', (changes) => {
    expect(takes(changes)).toBe(true)
  })

  it.each([
    ...['Host', 'webhook-signature', 'Webhook-Id', 'Content-Type', 'Content-Length', 'Transfer-Encoding', 'a b'].map(
      (name) => ({ headers: { [name]: 'x' } }),
    ),
    { headers: { 'X-Shop': 'one\r\nHost: two' } },
    { secret: [] },
    { secret: '{{lower}}' },
    { url: 'https://user:word@shop.example.com/' },
    ...['file:///etc/passwd', 'gopher://x/', 'ftp://x/', 'javascript:alert(1)', '/hooks', 'https://'].map((url) => ({
      url,
    })),
    { events: ['no such event'] },
    { name: '../up' },
    { usage_policies: ['secret'] },
    { enabled: true },
  ])('is refused with %j', (changes) => {
    expect(takes(changes)).toBe(false)
  })
})

describe('npm run config:check', () => {
  const check = (folder: string) =>
    spawnSync(process.execPath, [fileURLToPath(new URL('packages/dev-env/src/config-check.ts', root)), folder], {
      encoding: 'utf8',
    })

  it('is content with the files that are shipped', () => {
    const { status, stdout } = check(fileURLToPath(new URL('config', root)))
    expect(status).toBe(0)
    expect(stdout).toContain('PYTHON_VALIDATOR_TOKEN')
  })

  it('names file, line and column of a mistake, and what was expected', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keepr-config-'))
    writeFileSync(join(folder, 'artifact_type_config.yaml'), 'types:\n  prompt:\n    requires_validation: maybe\n')
    writeFileSync(join(folder, 'webhooks.yaml'), 'subscribers: []\n')
    const { status, stderr } = check(folder)
    rmSync(folder, { recursive: true })
    expect(status).toBe(1)
    expect(stderr).toMatch(/artifact_type_config\.yaml:3:26: expected true or false/)
  })
})

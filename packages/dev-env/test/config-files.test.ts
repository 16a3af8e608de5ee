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
import { describe, expect, it, onTestFinished } from 'vitest'
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
    { secret: `whsec_${'c2VjcmV0IG9m'.repeat(4)}` },
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
    { secret: 'mysecret' },
    { secret: ['{{NEW}}', 'whsec_abc'] },
    { url: 'https://user:word@shop.example.com/' },
    ...['file:///etc/passwd', 'gopher://x/', 'ftp://x/', 'javascript:alert(1)', '/hooks', 'https://'].map((url) => ({
      url,
    })),
    { events: ['no such event'] },
    { events: [] },
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
  function checkOf(types: string, webhooks?: string) {
    const folder = mkdtempSync(join(tmpdir(), 'keepr-config-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'artifact_type_config.yaml'), types)
    if (webhooks !== undefined) writeFileSync(join(folder, 'webhooks.yaml'), webhooks)
    return check(folder)
  }
  const types = 'types:\n  prompt:\n    requires_validation: false\n'

  it('is content with the files that are shipped', () => {
    const { status, stdout, stderr } = check(fileURLToPath(new URL('config', root)))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('PYTHON_VALIDATOR_TOKEN')
  })

  it('names file, line and column of a mistake, and what was expected', () => {
    const { status, stderr } = checkOf('types:\n  prompt:\n    requires_validation: maybe\n', 'subscribers: []\n')
    expect(status).toBe(1)
    expect(stderr).toMatch(/artifact_type_config\.yaml:3:26: expected true or false/)
  })

  it('names the second of two subscribers with one name', () => {
    const shop = '  - { name: shop, url: "https://shop.example.com", events: [published], secret: "{{SECRET}}" }\n'
    const { status, stderr } = checkOf(types, `subscribers:\n${shop}${shop}`)
    expect(status).toBe(1)
    expect(stderr).toMatch(/webhooks\.yaml:3:13: expected a different name .* called shop \(subscribers\.1\.name\)/)
  })

  it('warns of what the files say beside each other or the settings', () => {
    const subscriber = (url: string, more = '') =>
      `  - { name: s${url.length}, url: "${url}", events: [published], secret: "{{SECRET}}"${more} }\n`
    const { status, stderr } = checkOf(
      types,
      `subscribers:\n${[
        subscriber('https://shop.example.com/', ', types: [promt, prompt]'),
        subscriber('http://shop.example.com/'),
        subscriber('https://[::1]/'),
        subscriber('http://10.0.0.1/', ', allow_addresses: [10.0.0.0/8]'),
        subscriber('https://10.0.0.1/'),
        subscriber('http://{{HOST}}/anything/there'),
      ].join('')}`,
    )
    expect(status).toBe(0)
    expect(stderr.trim().split('\n')).toEqual([
      'warning: subscriber s25 waits for the type promt, which is not configured',
      expect.stringMatching(/^warning: subscriber s24 would be called by npm start only: its URL is http /),
      expect.stringMatching(
        /^warning: subscriber s14 would be called by npm start only: \[::1\] is a private address /,
      ),
      expect.stringMatching(/^warning: subscriber s17 would not be called: 10\.0\.0\.1 is a private address /),
    ])
  })

  it('names the secrets that calls need, and not those of comments', () => {
    const { stdout } = checkOf(
      `# {{OLD_TOKEN}} is not needed any more.\n${types}    validator: { url: "https://x.test/{{TOKEN}}" }\n`,
      'subscribers: []\n',
    )
    expect(stdout).toMatch(/artifact_type_config\.yaml: correct; needs the secrets TOKEN\n/)
  })

  it('says which folder or file is not there', () => {
    expect(check('/nowhere')).toMatchObject({ status: 1, stderr: expect.stringContaining('no folder /nowhere') })
    const { status, stderr } = checkOf(types)
    expect(status).toBe(1)
    expect(stderr).toMatch(/webhooks\.yaml: expected a file that can be read .* ENOENT/)
  })
})

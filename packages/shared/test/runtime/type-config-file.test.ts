import { describe, expect, test } from 'vitest'
import { parseConfig, WrongConfig } from '../../src/runtime/parse-config.ts'
import { CheckedTypeConfigFile } from '../../src/runtime/type-config-file.ts'

const read = (text: string) => parseConfig('types.yaml', text, CheckedTypeConfigFile)
const offencesIn = (text: string): readonly string[] => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof WrongConfig) return error.offences
    throw error
  }
  return []
}

test('the example of the contract is read as it stands', () => {
  const { types } = read(`types:
  prompt:
    requires_validation: false
  python_script:
    requires_validation: true
    validator:
      url: https://validator.example.com/python-lint
      method: POST
      headers:
        Authorization: "Bearer {{PYTHON_VALIDATOR_TOKEN}}"
  sast_plugin:
    requires_validation: true
    validator:
      url: https://secure-validator.internal/sast-check
      method: POST
`)
  expect(types['prompt']).toMatchObject({ requires_validation: false, content: 'json', on_recheck_failure: 'notify' })
  expect(types['python_script']?.validator).toMatchObject({
    url: 'https://validator.example.com/python-lint',
    timeout: 30_000,
    backoff: 2_000,
    deadline: 86_400_000,
    on_unavailable: 'block',
  })
})

describe('what would only fail when it is used is refused when it is read', () => {
  const inValidator = (line: string) =>
    offencesIn(
      `types:\n  a:\n    requires_validation: true\n    validator:\n      url: https://x.test/\n      ${line}\n`,
    )

  test.each([
    ['timeout: 0s', '6:16: expected a duration longer than 0'],
    ['timeout: 30d', '6:16: expected a duration of at most 24h'],
    ['deadline: 0ms', '6:17: expected a duration longer than 0'],
    ['allow_addresses: [10.0.0.0/8, 10.0.0.0/40]', '6:37: expected an IP address or CIDR range'],
    ['allow_addresses: [localhost]', '6:25: expected an IP address or CIDR range'],
    ["allow_addresses: ['fe80::1%eth0']", '6:25: expected an IP address or CIDR range'],
    ['headers: { Content-Length: "3" }', '6:34: expected a header other than'],
    ['headers: { X: "{{lower}}" }', '6:21: expected secrets named like {{NAME}}'],
    ['headers: { X: "Bearer {{TOKEN}" }', '6:21: expected secrets named like {{NAME}}'],
    ['headers: { X: "{{ TOKEN }}" }', '6:21: expected secrets named like {{NAME}}'],
    ['headers: { X: "10 €" }', '6:21: expected a header value on one line, of characters of Latin-1'],
  ])('%s', (line, offence) => {
    expect(inValidator(line)).toEqual([expect.stringContaining(`types.yaml:${offence}`)])
  })

  test('a URL with credentials', () => {
    expect(
      offencesIn('types:\n  a:\n    requires_validation: true\n    validator: { url: "https://u:p@x.test/" }\n'),
    ).toEqual([expect.stringContaining('types.yaml:4:23: expected a URL without credentials')])
  })

  test('a JSON Schema that is none', () => {
    expect(offencesIn('types:\n  a:\n    requires_validation: false\n    json_schema: { type: objekt }\n')).toEqual([
      expect.stringMatching(/^types\.yaml:4:18: expected a JSON Schema .*type must be equal to one of the allowed/),
    ])
  })

  test('content that no row can keep', () => {
    expect(offencesIn('types:\n  a:\n    requires_validation: false\n    max_bytes: 2147483648\n')).toEqual([
      'types.yaml:4:16: expected at most 536870912 bytes (512 MiB) (types.a.max_bytes)',
    ])
  })

  test.each(['constructor', 'prototype', '__proto__'])('a type called %s, which would not be there', (name) => {
    expect(offencesIn(`types:\n  ${name}:\n    requires_validation: false\n`)).toEqual([
      `types.yaml:3:5: expected a type name other than __proto__, constructor, prototype (types.${name})`,
    ])
  })

  test('a policy that may not be named, as the one of submissions that name none', () => {
    const type = 'types:\n  a:\n    requires_validation: false\n    default_usage_policy: public\n'
    expect(offencesIn(type)).toEqual([])
    expect(offencesIn(`${type}    allow_public: false\n`)).toEqual([
      'types.yaml:4:27: expected internal_only or restricted, since allow_public is false (types.a.default_usage_policy)',
    ])
  })

  test('a JSON Schema of content that is not JSON', () => {
    expect(
      offencesIn(
        'types:\n  a:\n    requires_validation: false\n    content: text\n    json_schema: { maxLength: 3 }\n',
      ),
    ).toEqual(['types.yaml:5:18: expected no JSON Schema, since content is not json (types.a.json_schema)'])
  })

  test('a time to live or an interval of nothing', () => {
    expect(
      offencesIn('types:\n  a:\n    requires_validation: false\n    ttl: 0d\n    recheck_every: 0s\n').map((text) =>
        text.slice(0, 14),
      ),
    ).toEqual(['types.yaml:4:1', 'types.yaml:5:2'])
  })
})

test('a header is one header, whatever its case', () => {
  const { types } = read(
    'types:\n  a:\n    requires_validation: true\n    validator: { url: "https://x.test/", headers: { Accept-Encoding: gzip } }\n',
  )
  expect(types['a']?.validator?.headers).toEqual({ 'accept-encoding': 'gzip' })
})

import { expect, test } from 'vitest'
import { CHECKS } from './checks.ts'

const codesOf = (check: keyof typeof CHECKS, content: unknown) => CHECKS[check](content).map(({ code }) => code)

test.each([
  ['eval(input())', 'python.eval'],
  ['exec (code)', 'python.eval'],
  ['os.system("ls")', 'python.shell'],
  ['subprocess.run(c, shell=True)', 'python.shell'],
  ['pickle.loads(blob)', 'python.pickle'],
  ['key = "AKIAABCDEFGHIJKLMNOP"', 'secret.aws_key'],
  ['password = "correct horse"', 'secret.assignment'],
])('%s in a script is found', (source, code) => {
  expect(codesOf('python-lint', { source })).toContain(code)
})

test('a harmless script has no findings', () => {
  expect(codesOf('python-lint', { source: 'def evaluate(x):\n    return x + 1\n' })).toEqual([])
})

test('a warning alone is no error', () => {
  expect(CHECKS['python-lint']('print(1)')).toMatchObject([{ severity: 'warning', code: 'python.print' }])
})

test('a finding names its place as a JSON pointer', () => {
  const content = { files: [{ 'a/b~c': 'node.innerHTML = text' }] }
  expect(CHECKS['sast-check'](content)).toMatchObject([{ code: 'sast.inner_html', path: '/files/0/a~1b~0c' }])
})

test('a schema that is in order has no findings, wherever it stands', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
  expect(codesOf('schema-lint', { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema })).toEqual([])
  expect(codesOf('schema-lint', { tools: [{ name: 'x', parameters: schema }] })).toEqual([])
  expect(codesOf('schema-lint', { no: 'schema at all', type: 42 })).toEqual([])
})

test.each([
  ['a type that does not exist', { type: 'strnig' }, 'schema.invalid', '/tools/0/input_schema/type'],
  ['a bound that is no number', { maximum: '9' }, 'schema.invalid', '/tools/0/input_schema/maximum'],
  ['a pattern that is none', { type: 'string', pattern: '(' }, 'schema.unusable', '/tools/0/input_schema'],
  ['a reference to nowhere', { $ref: '#/$defs/none' }, 'schema.unusable', '/tools/0/input_schema'],
  ['a reference to elsewhere', { $ref: 'https://example.org/s.json' }, 'schema.unusable', '/tools/0/input_schema'],
  [
    'a draft of the past',
    { $schema: 'http://json-schema.org/draft-03/schema#' },
    'schema.unknown_draft',
    '/tools/0/input_schema',
  ],
])('%s is an error, with its place', (_what, input_schema, code, path) => {
  expect(CHECKS['schema-lint']({ tools: [{ input_schema }] })).toContainEqual(
    expect.objectContaining({ severity: 'error', code, path }),
  )
})

test.each([
  ['a keyword that nobody knows', { type: 'string', maxLenght: 3 }, 'maxLenght'],
  ['a required member that is not described', { type: 'object', properties: {}, required: ['a'] }, '"a"'],
])('%s is a warning', (_what, schema, word) => {
  expect(CHECKS['schema-lint']({ schema })).toMatchObject([
    { severity: 'warning', code: 'schema.doubtful', message: expect.stringContaining(word) },
  ])
})

test('a secret in a schema is found too', () => {
  expect(codesOf('schema-lint', { schema: { default: 'AKIAABCDEFGHIJKLMNOP' } })).toContain('secret.aws_key')
})

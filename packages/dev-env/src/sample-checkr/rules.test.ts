import { expect, test } from 'vitest'
import { lint, RULES } from './rules.ts'

const codesOf = (check: keyof typeof RULES, content: unknown) => lint(RULES[check], content).map(({ code }) => code)

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
  expect(lint(RULES['python-lint'], 'print(1)')).toMatchObject([{ severity: 'warning', code: 'python.print' }])
})

test('a finding names its place as a JSON pointer', () => {
  const content = { files: [{ 'a/b~c': 'node.innerHTML = text' }] }
  expect(lint(RULES['sast-check'], content)).toMatchObject([{ code: 'sast.inner_html', path: '/files/0/a~1b~0c' }])
})

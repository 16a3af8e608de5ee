import { jsonPointer } from '@keepr/shared/domain/json-pointer'
import type { Finding } from '@keepr/shared/schemas/checkr'
import { lintSchemas } from './lint-schemas.ts'

type Rule = { code: string; severity: 'error' | 'warning'; pattern: RegExp; message: string }

const SECRETS: Rule[] = [
  {
    code: 'secret.aws_key',
    severity: 'error',
    pattern: /\bAKIA[0-9A-Z]{16}\b/u,
    message: 'looks like an AWS access key',
  },
  {
    code: 'secret.private_key',
    severity: 'error',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/u,
    message: 'holds a private key',
  },
  {
    code: 'secret.assignment',
    severity: 'error',
    pattern: /\b(?:password|passwd|api_key|secret)\s*=\s*["'][^"']{8,}["']/iu,
    message: 'assigns a secret in the clear',
  },
]

const PYTHON: Rule[] = [
  { code: 'python.eval', severity: 'error', pattern: /\b(?:eval|exec)\s*\(/u, message: 'runs text as code' },
  {
    code: 'python.shell',
    severity: 'error',
    pattern: /\bos\.system\s*\(|\bshell\s*=\s*True\b/u,
    message: 'starts a shell',
  },
  {
    code: 'python.pickle',
    severity: 'error',
    pattern: /\bpickle\.loads?\s*\(/u,
    message: 'reads a pickle, which can run code',
  },
  { code: 'python.print', severity: 'warning', pattern: /\bprint\s*\(/u, message: 'prints; a log is easier to find' },
]

const PLUGIN: Rule[] = [
  { code: 'sast.eval', severity: 'error', pattern: /\beval\s*\(|\bnew Function\s*\(/u, message: 'runs text as code' },
  { code: 'sast.inner_html', severity: 'error', pattern: /\.innerHTML\s*=/u, message: 'writes HTML unescaped' },
]

type Check = (content: unknown) => Finding[]

/** What each path of the sample Checkr looks for. */
export const CHECKS: Readonly<Record<'python-lint' | 'sast-check' | 'schema-lint', Check>> = {
  'python-lint': (content) => lint([...PYTHON, ...SECRETS], content),
  'sast-check': (content) => lint([...PLUGIN, ...SECRETS], content),
  'schema-lint': (content) => [...lintSchemas(content), ...lint(SECRETS, content)],
}

/** What the rules find in every text within a JSON value, with the place as a JSON pointer. */
function lint(rules: readonly Rule[], content: unknown, pointer = ''): Finding[] {
  if (typeof content === 'string')
    return rules
      .filter(({ pattern }) => pattern.test(content))
      .map(({ code, severity, message }) => ({ code, severity, message, path: pointer }))
  if (typeof content !== 'object' || content === null) return []
  return Object.entries(content).flatMap(([key, value]) => lint(rules, value, pointer + jsonPointer([key])))
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export type Example = {
  /** The operation of the section that it stands in. */
  operation: string | undefined
  script: string
  statuses: string[]
  expected: string
}

const section = /^##+ (\w+)$|^```bash\n([^]*?)^```\n(?:```(?:json|text) ([\d ]+)\n([^]*?)^```)?/gmu
const mark = (n: number) => `=== example ${n} ===`

/** The lines of a guide and what it says that they answer; lines without an answer prepare those that follow. */
export function readGuide(markdown: string): Example[] {
  let operation: string | undefined
  const examples: Example[] = []
  for (const [, heading, script, statuses = '', expected = ''] of markdown.matchAll(section)) {
    if (heading !== undefined) operation = heading
    else if (script !== undefined)
      examples.push({ operation, script, statuses: statuses.split(' ').filter(Boolean), expected })
  }
  return examples
}

/** Runs all lines of a guide in one shell, and gives what the last request of each example answered. */
export async function runGuide(examples: readonly Example[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
  const preamble = `curl() { command curl -sS -w '\\n%{http_code}\\n' "$@"; }\n`
  const script = preamble + examples.map(({ script }, n) => `echo '${mark(n)}'\n${script}`).join('\n')
  const { stdout } = await promisify(execFile)('bash', ['-u', '-c', script], {
    ...options,
    maxBuffer: 64 * 1024 * 1024,
  })
  return examples.map((_, n) => {
    const [, after = ''] = stdout.split(`${mark(n)}\n`)
    const [said = ''] = after.split(`${mark(n + 1)}\n`)
    const lines = said.trimEnd().split('\n')
    return { status: lines.at(-1) ?? '', body: lines.slice(0, -1).join('\n') }
  })
}

/** Whether an answer says at least what the guide shows: members may be left out of it, entries of lists too. */
export function says(answer: unknown, shown: unknown): boolean {
  if (Array.isArray(shown)) {
    if (shown.length === 0) return Array.isArray(answer) && answer.length === 0
    return Array.isArray(answer) && shown.every((one) => answer.some((other) => says(other, one)))
  }
  if (typeof shown !== 'object' || shown === null) return answer === shown
  if (typeof answer !== 'object' || answer === null) return false
  return Object.entries(shown).every(([key, value]) => says(Object.getOwnPropertyDescriptor(answer, key)?.value, value))
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { SignJWT } from 'jose'

const secret = 'a secret of the tests, long enough for HS256'
const root = fileURLToPath(new URL('../../..', import.meta.url))

export type ApiProcess = AsyncDisposable & { url: string; child: ChildProcess; output(): string }

/** The API as it is run: a process of its own, with a port of its own. */
export async function startApiProcess(
  database: TestDatabase,
  env: Record<string, string> = {},
  command: readonly string[] = [process.execPath],
): Promise<ApiProcess> {
  const [program = process.execPath, ...options] = command
  const child = spawn(program, [...options, fileURLToPath(new URL('../src/main.ts', import.meta.url))], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATABASE_URL: database.urlOf('keepr_api'),
      QUEUE_DATABASE_URL: database.urlOf('keepr_queue'),
      KEEPR_CONFIG_DIR: `${root}/config`,
      JWT_SECRET: secret,
      JWT_ISSUER: 'https://issuer.test',
      JWT_AUDIENCE: 'keepr',
      SAMPLE_CHECKR: 'http://127.0.0.1:1',
      ...env,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const port = await waitFor(() => {
    if (child.exitCode !== null) throw new Error(`the API ended: ${output}`)
    return /"port":(\d+),"msg":"the API listens"/u.exec(output)?.[1]
  }, 'the API to listen', 60_000) // prettier-ignore
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** A bearer token that these processes believe. */
export const bearerFor = async (group: string, user: string, role = 'author'): Promise<string> =>
  `Bearer ${await new SignJWT({ iss: 'https://issuer.test', aud: 'keepr', sub: user, group_id: group, roles: [role] })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))}`

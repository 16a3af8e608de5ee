import { Agent, request } from 'undici'
import { reply } from '../child/reply.ts'
import { beginRun, type ProgramRun } from './begin-run.ts'

export type PostFloor = (input: {
  url: string
  body: string
  headers: Record<string, string>
  seconds: number
  concurrency: number
}) => Promise<ProgramRun>

/** Posts the same body over and over: what delivering webhooks cannot do without. */
const post: PostFloor = async ({ url, body, headers, seconds, concurrency }) => {
  const dispatcher = new Agent({ connections: concurrency, keepAliveTimeout: 10_000 })
  const ended = beginRun()
  const endsAt = performance.now() + seconds * 1000
  let posted = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (; performance.now() < endsAt; posted++) {
        const answer = await request(url, { method: 'POST', body, headers, dispatcher })
        await answer.body.dump()
      }
    }),
  )
  const run = ended(posted)
  await dispatcher.close()
  return run
}
reply(post)

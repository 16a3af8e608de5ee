import { Agent, request } from 'undici'
import { reply } from '../child/reply.ts'

export type PostFloor = (input: {
  url: string
  body: string
  headers: Record<string, string>
  seconds: number
  concurrency: number
}) => Promise<{ perSecond: number }>

/** Posts the same body over and over: what delivering webhooks cannot do without. */
const post: PostFloor = async ({ url, body, headers, seconds, concurrency }) => {
  const dispatcher = new Agent({ connections: concurrency, keepAliveTimeout: 10_000 })
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  let posted = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (; performance.now() < endsAt; posted++) {
        const answer = await request(url, { method: 'POST', body, headers, dispatcher })
        await answer.body.dump()
      }
    }),
  )
  const perSecond = posted / ((performance.now() - startedAt) / 1000)
  await dispatcher.close()
  return { perSecond }
}
reply(post)

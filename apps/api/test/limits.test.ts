import { request as httpRequest } from 'node:http'
import { once } from 'node:events'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { startRedis } from '@keepr/dev-env/testing/redis'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ApiProcess, bearerFor, startApiProcess } from './api-process.ts'

type Redis = NonNullable<Awaited<ReturnType<typeof startRedis>>>

// Its own Redis, as it is frozen and killed here.
describe.skipIf(inject('redisUrl') === null)('limits of two processes that share a Redis', { timeout: 60_000 }, () => {
  let database: TestDatabase
  let redis: Redis
  let one: ApiProcess
  let two: ApiProcess
  beforeAll(async () => {
    database = await createTestDatabase()
    const started = await startRedis()
    if (!started) throw new Error('redis-server was there a moment ago')
    redis = started
    const env = {
      REDIS_URL: redis.url,
      RATE_PER_GROUP: '10',
      RATE_PER_USER: '6',
      MAX_PENDING: '5',
      MAX_PENDING_PER_USER: '3',
      MAX_CONCURRENT_UPLOAD_BYTES: '1MB',
      MAX_CONCURRENT_UPLOAD_BYTES_PER_USER: '700kB',
      LOG_LEVEL: 'info',
      DATABASE_LOCK_TIMEOUT: '20s',
      DATABASE_STATEMENT_TIMEOUT: '30s',
    }
    ;[one, two] = await Promise.all([startApiProcess(database, env), startApiProcess(database, env)])
  })
  afterAll(async () => {
    await one[Symbol.asyncDispose]()
    await two[Symbol.asyncDispose]()
    redis.stop()
    await database[Symbol.asyncDispose]()
  })

  const ask = async (api: ApiProcess, group: string, user: string) =>
    await fetch(`${api.url}/types`, { headers: { authorization: await bearerFor(group, user) } })
  const statuses = (answers: Response[]) => answers.map(({ status }) => status).toSorted((a, b) => a - b)
  /** Several requests, in turns to the two processes, all at once. */
  const askBoth = (count: number, group: string, users: readonly string[]) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        ask(index % 2 === 0 ? one : two, group, users[index % users.length] ?? ''),
      ),
    )

  /** An upload of so many bytes that has begun and goes on when told to. */
  async function beginUpload(api: ApiProcess, user: string, size: number) {
    const head = `--X\r\nContent-Disposition: form-data; name="artifact"\r\n\r\n{"name":"up","type":"sast_plugin"}\r\n`
    const file = `--X\r\nContent-Disposition: form-data; name="content"\r\nContent-Type: application/zip\r\n\r\n`
    const end = '\r\n--X--\r\n'
    const body = Buffer.concat([Buffer.from(head + file), Buffer.alloc(size, 7), Buffer.from(end)])
    const headers = {
      authorization: await bearerFor('uploaders', user),
      'content-type': 'multipart/form-data; boundary=X',
      'content-length': body.byteLength,
    }
    const sent = httpRequest(`${api.url}/artifacts`, { method: 'POST', headers })
    const answered = once(sent, 'response').then(
      ([response]) => response as { statusCode: number; headers: Record<string, string>; resume(): void },
    ) // prettier-ignore -- SAFETY: what the event carries
    answered.catch(() => {}) // one that is aborted gets none
    sent.on('error', () => {}) // an answer that comes before the body is through ends the sending
    sent.write(body.subarray(0, 1000))
    return {
      finish: async () => {
        sent.end(body.subarray(1000))
        const response = await answered
        response.resume()
        return response
      },
      answered,
      abort: () => sent.destroy(),
    }
  }

  test('requests of a group are counted over both, and each answer says what is left', async () => {
    const answers = await askBoth(14, 'busy', ['a', 'b', 'c'])
    expect(statuses(answers)).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429, 429, 429])
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.headers.get('ratelimit-policy')).toBe('"group";q=10;w=60, "user";q=6;w=60')
    expect(refused?.headers.get('ratelimit')).toMatch(/^"group";r=0;t=\d+, "user";r=\d;t=\d+$/u)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused?.json()).toMatchObject({ type: 'urn:keepr:problem:rate-limited', status: 429 })
    const left = answers
      .filter(({ status }) => status === 200)
      .map((answer) => /r=(\d+)/u.exec(answer.headers.get('ratelimit') ?? '')?.[1])
    expect(new Set(left)).toEqual(new Set(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
  })

  test('a user is limited within a group, and neither another user nor another group feels it', async () => {
    const greedy = statuses(await askBoth(30, 'calm', ['greedy']))
    expect(greedy).toEqual([...Array.from({ length: 6 }, () => 200), ...Array.from({ length: 24 }, () => 429)])
    expect((await ask(one, 'calm', 'modest')).status).toBe(200)
    expect((await ask(two, 'elsewhere', 'greedy')).status).toBe(200)
  })

  test('bytes on their way are counted over both, by group and by user, and given back at the end', async () => {
    const first = await beginUpload(one, 'a', 600_000)
    await waitFor(async () => (await countersOf(redis)).some((key) => key.includes('keepr:uploads')), 'its reservation')
    const second = await (await beginUpload(two, 'b', 500_000)).answered
    expect([second.statusCode, second.headers['ratelimit-policy'], second.headers['retry-after']]).toEqual([
      429,
      '"uploads";q=1000000;qu="content-bytes"',
      '1',
    ])
    expect(second.headers['ratelimit']).toMatch(/^"uploads";r=39\d{4}$/u)
    const own = await (await beginUpload(two, 'a', 200_000)).answered
    expect([own.statusCode, own.headers['ratelimit-policy']]).toEqual([
      429,
      '"user_uploads";q=700000;qu="content-bytes"',
    ])
    const small = await (await beginUpload(two, 'b', 300_000)).finish()
    expect(small.statusCode).not.toBe(429)
    expect((await first.finish()).statusCode).not.toBe(429)
    const after = await (await beginUpload(two, 'b', 600_000)).finish()
    expect(after.statusCode).not.toBe(429)
    expect((await countersOf(redis)).filter((key) => key.includes('uploads'))).toEqual([])
  })

  test('runs that wait for a verdict never are more than they may be, however many are submitted at once', async () => {
    const submit = async (api: ApiProcess, group: string, user: string, name: string) =>
      await fetch(`${api.url}/artifacts`, {
        method: 'POST',
        headers: { authorization: await bearerFor(group, user), 'content-type': 'application/json' },
        body: JSON.stringify({ name, type: 'prompt', content: name }),
      })
    const users = ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']
    const all = await Promise.all(
      users.map((user, index) => submit(index % 2 === 0 ? one : two, 'queueing', user, `q${index}`)),
    )
    expect(statuses(all)).toEqual([202, 202, 202, 202, 202, 429, 429, 429, 429])
    const refused = all.find(({ status }) => status === 429)
    expect([refused?.headers.get('ratelimit-policy'), refused?.headers.get('retry-after')]).toEqual([
      '"pending";q=5',
      '5',
    ])
    const own = await Promise.all(
      ['x', 'y', 'z', 'w'].map((name, index) => submit(index % 2 === 0 ? one : two, 'patient', 'a', name)),
    )
    expect(statuses(own)).toEqual([202, 202, 202, 429])
    expect((await submit(two, 'patient', 'b', 'v')).status).toBe(202)
  })

  test('what a client that left had reserved is free again', async () => {
    const gone = await beginUpload(one, 'c', 600_000)
    await waitFor(async () => (await countersOf(redis)).some((key) => key.includes('keepr:uploads')), 'its reservation')
    gone.abort()
    await waitFor(async () => (await countersOf(redis)).every((key) => !key.includes('uploads')), 'what it gives back')
  })

  test('Redis frozen, dead and back: nobody waits, each process counts for itself meanwhile', async () => {
    redis.freeze()
    const begun = performance.now()
    // Both wait for Redis; what they then count by themselves is one after the other all the same.
    const uploads = [await beginUpload(one, 'd', 600_000), await beginUpload(one, 'e', 600_000)]
    const answers = uploads.map(async ({ answered }, index) => [index, (await answered).statusCode] as const)
    const [index, status] = await Promise.race(answers)
    expect(status).toBe(429)
    expect((await uploads[1 - index]?.finish())?.statusCode).not.toBe(429)
    expect(statuses(await askBoth(12, 'frozen', ['a', 'b']))).toEqual(Array.from({ length: 12 }, () => 200))
    expect(performance.now() - begun).toBeLessThan(5000)
    expect(one.output() + two.output()).toContain('limits are counted by each process for itself')
    expect(await (await fetch(`${one.url}/metrics`)).text()).toMatch(/keepr_limits_shared\S* 0/u)
    redis.thaw()
    await waitFor(async () => {
      await ask(one, `probe-${Math.random()}`, 'p')
      return /keepr_limits_shared\S* 1/u.test(await (await fetch(`${one.url}/metrics`)).text())
    }, 'Redis to count again')
    redis.stop()
    // Ten for each of the two, as nothing is shared.
    const alone = statuses(await askBoth(30, 'alone', ['a', 'b', 'c', 'd', 'e']))
    expect(alone.filter((status) => status === 200)).toHaveLength(20)
    expect(alone.filter((status) => status === 429)).toHaveLength(10)
  })
})

/** The keys that hold counts. */
async function countersOf({ keys }: Redis): Promise<string[]> {
  return (await keys()).filter((key) => key.startsWith('keepr:'))
}

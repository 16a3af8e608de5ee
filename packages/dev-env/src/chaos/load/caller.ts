import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { History } from '../history.ts'
import type { Random } from '../random.ts'

export type Asked = {
  operation: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  token: string
  body?: object | FormData
  headers?: Record<string, string>
}

export type Answer = { status: number; headers: Headers; bytes: Buffer; from: number; until: number }

export type Caller = {
  /** Asks once. Undefined: nobody knows what became of it. */
  ask(asked: Asked): Promise<Answer | undefined>
  /** As a careful client: under an Idempotency-Key, again until there is an answer; sometimes it gives up. */
  write(asked: Asked, random: Random): Promise<Answer | undefined>
}

/** Nothing may hang longer than this (the longest wait that is asked for is 5 s, statements end after 5 s). */
const HANGS_AFTER_MS = 25_000
const TRIES = 60

/** Makes requests and writes down what came of each. `stopping` ends retries that have been going on for long. */
export function createCaller(url: string, history: History, stopping: AbortSignal): Caller {
  async function ask({ operation, method, path, token, body, headers }: Asked): Promise<Answer | undefined> {
    const from = Date.now()
    const settle = (answer: Answer | undefined) => {
      const outcome = answer === undefined || answer.status >= 500 ? 'unknown' : answer.status < 400 ? 'ok' : 'refused'
      history.count(operation, outcome, answer?.status, Date.now() - from)
      return outcome === 'unknown' ? undefined : answer
    }
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(isJson(body) ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isJson(body) ? JSON.stringify(body) : body }),
        signal: AbortSignal.timeout(HANGS_AFTER_MS),
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      const answer = { status: response.status, headers: response.headers, bytes, from, until: Date.now() }
      inspect(history, `${method} ${path}`, answer)
      return settle(answer)
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError')
        history.complaints.push(`${method} ${path} had no answer after ${HANGS_AFTER_MS} ms`)
      return settle(undefined)
    }
  }

  async function write(asked: Asked, random: Random): Promise<Answer | undefined> {
    const keyed = { ...asked, headers: { ...asked.headers, 'idempotency-key': randomUUID() } }
    for (let tries = 1; tries <= TRIES; tries++) {
      const answer = await ask(keyed)
      const inProgress = answer?.status === 409 && answer.bytes.includes('in-progress')
      if (answer !== undefined && !inProgress) {
        if (answer.headers.get('idempotent-replayed') === 'true') history.replayed += 1
        if (answer.status < 300 && random.chance(0.03)) await askAgain(keyed, answer)
        return answer
      }
      // Some clients never come back: then the write has happened as a whole or not at all.
      if (random.chance(0.05) || (stopping.aborted && tries > 20)) return undefined
      await pause(random.between(100, 700))
    }
    return undefined
  }

  /** The same key again must change nothing and answer the same. */
  async function askAgain(keyed: Asked, first: Answer) {
    const second = await ask(keyed)
    if (second === undefined) return
    const same = second.headers.get('idempotent-replayed') === 'true' && idOf(second) === idOf(first)
    if (!same) history.complaints.push(`${keyed.method} ${keyed.path} was not replayed under its key: ${second.status}`)
  }

  return { ask, write }
}

function inspect(history: History, what: string, { status, headers, bytes }: Answer) {
  const told = () => bytes.toString('utf8').slice(0, 200)
  if (status >= 500 && status !== 503) history.complaints.push(`${what} answered ${status}: ${told()}`)
  if (status === 503 && !headers.has('retry-after')) history.complaints.push(`${what} answered 503 without Retry-After`)
  if (status >= 400 && !headers.get('content-type')?.startsWith('application/problem+json'))
    history.complaints.push(`${what} answered ${status} without a problem: ${told()}`)
}

const isJson = (body: object | undefined): body is object => body !== undefined && !(body instanceof FormData)
const idOf = ({ bytes }: Answer) => /"id":"([^"]+)"/u.exec(bytes.toString('utf8'))?.[1]

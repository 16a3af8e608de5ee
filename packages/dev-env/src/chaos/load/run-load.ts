import { setTimeout as pause } from 'node:timers/promises'
import { developmentToken } from '../../development-token.ts'
import type { Acked, History } from '../history.ts'
import type { Random } from '../random.ts'
import { createCaller } from './caller.ts'
import {
  archive,
  cancel,
  patchMetadata,
  restore,
  revalidate,
  revalidateHeld,
  rollBack,
  suggestCleanup,
} from './changes.ts'
import type { Client, Tokens } from './client.ts'
import { followFeed } from './follow-feed.ts'
import { readAround, readById, readContent, readForeign, readLatest, readVersion } from './reads.ts'
import { discardDraft, editDraft, submit, submitAgain, submitDraft, submitUsedVersion } from './submissions.ts'

type Operation = (client: Client) => Promise<void>

/** How often each is done, in proportion. */
const MIX: readonly (readonly [weight: number, operation: Operation])[] = [
  [24, submit],
  [3, submitAgain],
  [2, submitUsedVersion],
  [4, editDraft],
  [4, submitDraft],
  [2, discardDraft],
  [5, rollBack],
  [3, archive],
  [3, restore],
  [4, revalidate],
  [2, revalidateHeld],
  [1, cancel],
  [6, patchMetadata],
  [1, suggestCleanup],
  [12, readLatest],
  [14, readContent],
  [6, readVersion],
  [3, readById],
  [6, readAround],
  [2, readForeign],
]
const GROUPS = ['acme', 'globex'] as const

type Options = { url: string; jwtSecret: string; clients: number; random: Random; history: History }

export type Load = {
  /** Ends when every client has what it asked for. */
  stop(): Promise<void>
  /** Ends when the feeds have been read to their end. */
  stopFollowing(): Promise<void>
}

/** Users of two groups who write and read at the same time, until stopped. */
export async function runLoad({ url, jwtSecret, clients, random, history }: Options): Promise<Load> {
  const stopping = new AbortController()
  const ending = new AbortController()
  const caller = createCaller(url, history, stopping.signal)
  const token = (group: string, user: string, role: string) =>
    developmentToken({ secret: jwtSecret, group, user, roles: [role], expires: '24h' })
  const known = { acme: [] as Acked[], globex: [] as Acked[] }
  const running: Promise<void>[] = []
  const feeds: Promise<void>[] = []
  for (const group of GROUPS) {
    const foreign = group === 'acme' ? 'globex' : 'acme'
    const tokens: Tokens = {
      author: await token(group, 'alice', 'author'),
      admin: await token(group, 'root', 'admin'),
      consumer: await token(group, 'carol', 'consumer'),
      foreigner: await token(foreign, 'mallory', 'admin'),
    }
    feeds.push(followFeed({ caller, history }, { group, token: tokens.admin }, ending.signal))
    for (let n = 0; n < clients / GROUPS.length; n++) {
      const name = `${group}-${n}`
      const parts = { name, group, tokens, caller, history, random: random.fork(name) }
      running.push(runClient({ ...parts, known: known[group], drafts: [], count: 0 }, stopping.signal))
    }
  }
  return {
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
    async stopFollowing() {
      ending.abort()
      await Promise.all(feeds)
    },
  }
}

async function runClient(client: Client, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    await pickOperation(client.random)(client)
    await pause(client.random.between(10, 120))
  }
}

function pickOperation(random: Random): Operation {
  let at = random.next() * MIX.reduce((sum, [weight]) => sum + weight, 0)
  return (MIX.find(([weight]) => (at -= weight) < 0) ?? MIX[0])?.[1] ?? submit
}

import { randomUUIDv7 } from 'node:crypto'
import type { Actor } from '@keepr/shared/domain/actor'
import { problem } from '@keepr/shared/problem'
import { limitHeaders } from './limit-headers.ts'
import type { SharedCounts } from './shared-counts.ts'

/** Bytes that groups and users are sending at the moment. */
export type Uploads = { open(actor: Actor, declaredBytes: number): Promise<Upload> }
/** `add` before bytes are kept; what one request brought is given back at its end. */
export type Upload = AsyncDisposable & { add(bytes: number): Promise<void> }

type Settings = { maxConcurrentUploadBytes: number; maxConcurrentUploadBytesPerUser: number }
type Limit = { name: 'uploads' | 'user_uploads'; max: number; key(actor: Actor): string; here: Map<string, number> }

/** A body without a declared length is reserved for in steps. */
const stepBytes = 1024 * 1024
/** Longer than a request may take to arrive: the reservation of a process that died ends by itself. */
const leaseMs = 120_000

/** A hash of reservations, each `bytes:expires`. The answer: whether it was taken, and what is left. */
const reserve = `
  local clock = redis.call('time')
  local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  local others = 0
  local kept = redis.call('hgetall', KEYS[1])
  for i = 1, #kept, 2 do
    local bytes, expires = string.match(kept[i + 1], '(%d+):(%d+)')
    if tonumber(expires) < now then redis.call('hdel', KEYS[1], kept[i])
    elseif kept[i] ~= ARGV[1] then others = others + tonumber(bytes) end
  end
  local left = tonumber(ARGV[3]) - others - tonumber(ARGV[2])
  if left < 0 then return { 0, left + tonumber(ARGV[2]) } end
  redis.call('hset', KEYS[1], ARGV[1], string.format('%.0f:%.0f', tonumber(ARGV[2]), now + tonumber(ARGV[4])))
  redis.call('pexpire', KEYS[1], ARGV[4])
  return { 1, left }`
const release = `return { redis.call('hdel', KEYS[1], ARGV[1]) }`

const unlimited: Upload = { add: async () => {}, [Symbol.asyncDispose]: async () => {} }

/** Lets no group and no user have more bytes on their way at once than they may, over all processes that share a Redis. */
export function createUploads(settings: Settings, shared: SharedCounts): Uploads {
  const all: Limit[] = [
    { name: 'uploads', max: settings.maxConcurrentUploadBytes, key: ({ groupId }) => groupId, here: new Map() },
    {
      name: 'user_uploads',
      max: settings.maxConcurrentUploadBytesPerUser,
      key: ({ groupId, userId }) => JSON.stringify([groupId, userId]),
      here: new Map(),
    },
  ]
  const limits = all.filter(({ max }) => Number.isFinite(max))
  return {
    async open(actor, declaredBytes) {
      if (limits.length === 0) return unlimited
      const upload = openUpload(limits, actor, shared)
      try {
        await upload.reserveUpTo(declaredBytes)
      } catch (error) {
        await upload[Symbol.asyncDispose]()
        throw error
      }
      return upload
    },
  }
}

function openUpload(limits: readonly Limit[], actor: Actor, shared: SharedCounts) {
  const id = randomUUIDv7()
  const held = new Map<Limit, number>()
  const most = Math.min(...limits.map(({ max }) => max))
  let reserved = 0
  let arrived = 0
  /** What this process holds for all its uploads; that of others is known to Redis alone. */
  const hold = (limit: Limit, bytes: number) => {
    const key = limit.key(actor)
    const all = (limit.here.get(key) ?? 0) + bytes - (held.get(limit) ?? 0)
    if (all > 0) limit.here.set(key, all)
    else limit.here.delete(key)
    held.set(limit, bytes)
  }
  const reserveUpTo = async (bytes: number) => {
    if (bytes <= reserved) return
    if (bytes > most) throw tooLarge(most)
    for (const limit of limits) {
      const { name, max, here } = limit
      const key = limit.key(actor)
      const answer = await shared.run({ script: reserve, key: `keepr:${name}:${key}`, args: [id, bytes, max, leaseMs] })
      // Counted and held without a wait in between, or those who waited for Redis together would all find the same room.
      const others = (here.get(key) ?? 0) - (held.get(limit) ?? 0)
      const [taken, left] = answer ?? [Number(others + bytes <= max), max - others]
      if (taken === 0) throw tooMany(limit, left ?? 0)
      hold(limit, bytes)
    }
    reserved = bytes
  }
  return {
    reserveUpTo,
    async add(bytes: number) {
      arrived += bytes
      if (arrived <= reserved) return
      const step = reserved === 0 ? 0 : stepBytes
      await reserveUpTo(Math.max(arrived, Math.min(arrived + step, most)))
    },
    async [Symbol.asyncDispose]() {
      for (const limit of held.keys()) hold(limit, 0)
      const releases = limits.map(({ name, key }) =>
        shared.run({ script: release, key: `keepr:${name}:${key(actor)}`, args: [id] }),
      )
      await Promise.all(releases)
    },
  }
}

/** However long it waits, it never fits. */
const tooLarge = (limit: number) =>
  problem('payload-too-large', {
    detail: `No more than ${limit} bytes may be uploaded at once.`,
    limit_bytes: limit,
    headers: { connection: 'close' },
  })

const tooMany = ({ name, max }: Limit, remaining: number) =>
  problem('too-many-uploads', {
    retry_after_s: 1,
    headers: limitHeaders([{ name, limit: max, remaining, unit: 'content-bytes' }]),
  })

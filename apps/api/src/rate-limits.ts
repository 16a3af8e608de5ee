import type { Actor } from '@keepr/shared/domain/actor'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { SharedCounts } from './shared-counts.ts'

/** How much of a limit is used: `limited` is set when this request is one too many. */
export type RateUse = { name: 'group' | 'user'; limit: number; remaining: number; resetS: number; limited: boolean }
export type RateLimits = { use(actor: Actor): Promise<RateUse[]> }

const windowS = 60
const unlimited = Promise.resolve([])

/** The first request of a window starts it. */
const countRequest = `
  local used = redis.call('incr', KEYS[1])
  if used == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
  return { used, redis.call('pttl', KEYS[1]) }`

type Settings = { ratePerGroup: number; ratePerUser: number }

/** Requests per minute of each group and user, over all processes that share a Redis; else by this process. */
export function createRateLimits(settings: Settings, shared: SharedCounts): RateLimits {
  const group = limiter('group', settings.ratePerGroup, shared)
  const user = limiter('user', settings.ratePerUser, shared)
  if (!group && !user) return { use: () => unlimited }
  return {
    async use({ groupId, userId }) {
      // What a user is refused does not count for the group: one user could use up what is for all.
      const ofUser = await user?.(JSON.stringify([groupId, userId]))
      if (ofUser?.limited) return [ofUser]
      return [await group?.(groupId), ofUser].filter((use) => use !== undefined)
    },
  }
}

function limiter(name: RateUse['name'], limit: number, shared: SharedCounts) {
  if (!Number.isFinite(limit)) return undefined
  const own = new RateLimiterMemory({ points: limit, duration: windowS })
  return async (key: string): Promise<RateUse> => {
    const asked = { script: countRequest, key: `keepr:rate:${name}:${key}`, args: [windowS * 1000] }
    const [used, resetMs] = (await shared.run(asked)) ?? (await countHere(own, key))
    return {
      name,
      limit,
      remaining: Math.max(0, limit - (used ?? 0)),
      resetS: Math.ceil(Math.max(0, resetMs ?? 0) / 1000),
      limited: (used ?? 0) > limit,
    }
  }
}

async function countHere(limits: RateLimiterMemory, key: string): Promise<readonly number[]> {
  const described = ({ consumedPoints, msBeforeNext }: RateLimiterRes) => [consumedPoints, msBeforeNext]
  try {
    return described(await limits.consume(key))
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return described(refusal)
    throw refusal
  }
}

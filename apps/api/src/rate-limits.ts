import type { Actor } from '@keepr/shared/domain/actor'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** How much of a limit is used: `limited` is set when this request is one too many. */
export type RateUse = { name: 'group' | 'user'; limit: number; remaining: number; resetS: number; limited: boolean }
export type RateLimits = { use(actor: Actor): Promise<RateUse[]> }

/**
 * Requests per minute of each group and user, counted by this process: sharing the count would cost every read a write.
 * With several processes behind a balancer the limit holds for each of them.
 */
export function createRateLimits(settings: { ratePerGroup: number; ratePerUser: number }): RateLimits {
  const group = limiter(settings.ratePerGroup)
  const user = limiter(settings.ratePerUser)
  return {
    async use({ groupId, userId }) {
      const uses: RateUse[] = []
      if (group) uses.push(await consume(group, 'group', groupId))
      if (user) uses.push(await consume(user, 'user', JSON.stringify([groupId, userId])))
      return uses
    },
  }
}

const limiter = (points: number) =>
  Number.isFinite(points) ? new RateLimiterMemory({ points, duration: 60 }) : undefined

async function consume(limits: RateLimiterMemory, name: RateUse['name'], key: string): Promise<RateUse> {
  const describe = (left: RateLimiterRes, limited: boolean) => ({
    name,
    limit: limits.points,
    remaining: Math.max(0, left.remainingPoints),
    resetS: Math.ceil(left.msBeforeNext / 1000),
    limited,
  })
  try {
    return describe(await limits.consume(key), false)
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return describe(refusal, true)
    throw refusal
  }
}

import type { MessageKind } from '../rows.ts'
import type { RelayOptions } from './relay.ts'

/** Where a round was nudged in vain somebody is at work who takes over what comes: the next is twice as far away, up to this. */
const MOST_APART_MS = 80

/** What a look found; `more` may be left to carry at once. */
export type Found = 'nothing' | 'some' | 'more'

type Rounds = { nudge(kinds: readonly MessageKind[]): void; stop(): Promise<void> }
type RoundsOptions = {
  everyMs: number
  /** What is looked for when the time to look has come. */
  kinds: readonly MessageKind[]
  look: (kinds: readonly MessageKind[]) => Promise<Found>
}

/** Round after round, each when it is nudged, for what it is nudged for, or when the time to look has come. */
export function startRounds(
  { pollMs, log }: Pick<RelayOptions, 'pollMs' | 'log'>,
  { everyMs, kinds, look }: RoundsOptions,
): Rounds {
  let stopped = false
  const nudged = new Set<MessageKind>()
  let polledAt = Number.NEGATIVE_INFINITY
  let wake = () => {}
  const rest = (ms: number, isOver: () => boolean) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        if (!isOver()) return
        clearTimeout(timer)
        resolve()
      }
      wake() // it may have come meanwhile
    })
  const nextKinds = () => {
    if (nudged.size === 0 || performance.now() - polledAt >= pollMs) {
      polledAt = performance.now()
      for (const kind of kinds) nudged.add(kind)
    }
    const next = [...nudged]
    nudged.clear()
    return next
  }

  async function run() {
    let apartMs = everyMs
    while (!stopped) {
      const beganAt = performance.now()
      const wasNudged = nudged.size > 0
      const looked = nextKinds()
      const again = () => looked.forEach((kind) => nudged.add(kind))
      try {
        const found = await look(looked)
        apartMs = wasNudged && found === 'nothing' ? Math.min(apartMs * 2, MOST_APART_MS) : everyMs
        if (found === 'more') {
          again()
          continue
        }
        await rest(pollMs, () => nudged.size > 0 || stopped)
        const tooSoonMs = beganAt + apartMs - performance.now()
        if (tooSoonMs > 0) await rest(tooSoonMs, () => stopped)
      } catch (error) {
        log.warn({ err: error }, 'the relay cannot reach the database or the queue; it tries again')
        again()
        await rest(Math.max(pollMs, 1000), () => stopped)
      }
    }
  }

  const running = run()
  return {
    nudge(kindsOfIt) {
      for (const kind of kindsOfIt) nudged.add(kind)
      wake()
    },
    async stop() {
      stopped = true
      wake()
      await running
    },
  }
}

import { plainLine } from './line-of.ts'
import type { Row } from './row.ts'
import { deliveredPerSecond } from './webhooks.ts'

const EVENTS = 10_000
const ALL = 5
const LIVE = 4

/** A long backlog for five subscribers: each that lives gets it as fast when the fifth never answers. */
export const webhooksBacklog: Row = {
  id: 'webhooks-backlog',
  about: 'ten thousand events to five subscribers, and to five of which one never answers',
  onDemand: true,
  async run(bench) {
    const product = await bench.small()
    await deliveredPerSecond(bench, product)
    const each = async (type: string, live: number) => {
      const rate = (await deliveredPerSecond(bench, product, { type, events: EVENTS, live })).perSecond / live
      bench.options.progress(`${EVENTS} events to ${live} subscribers that answer: ${rate.toFixed(0)}/s each`)
      return rate
    }
    const alone = await each('announced', ALL)
    const beside = await each('announced_beside_a_dead_one', LIVE)
    const note = `events a second to each that lives: ${alone.toFixed(0)} → ${beside.toFixed(0)}`
    const what = '10,000 events, one dead subscriber of five'
    return [plainLine({ id: 'webhooks-backlog', what, unit: '×', note }, beside / alone, { atLeast: 0.9 })]
  },
}

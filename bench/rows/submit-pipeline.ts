import { alternate } from './alternate.ts'
import { ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { outboxEmpty } from './settled.ts'
import { warmUp } from './warm-up.ts'

export const submitPipeline: Row = {
  id: 'submit-pipeline',
  about: 'POST /artifacts/ while verdicts, events and webhooks keep up on the same cores',
  async run(bench) {
    const product = await bench.small()
    const floor = await bench.floorOf(product)
    let run = 0
    const requests = () => ({ kind: 'submit', type: 'prompt', prefix: `piped-${run++}` }) as const
    const sides = {
      // What is accepted counts only over the time that it took to be wholly done with: keeping up cannot be feigned.
      keepr: async () => {
        const load = { url: product.url, headers: product.headers, requests: requests() }
        const { answers, startedAtMs } = await bench.load(load)
        await outboxEmpty(product)
        return { answers, perSecond: answers / ((Date.now() - startedAtMs) / 1000) }
      },
      floor: () =>
        bench.load({ url: floor.url, headers: { 'content-type': 'application/json' }, requests: requests() }),
    }
    await warmUp(sides)
    const measured = await alternate(bench, sides)
    return [ratioLine({ id: 'submit-pipeline', what: 'POST, all keeps up', unit: '/s' }, measured, { atLeast: 0.3 })]
  },
}

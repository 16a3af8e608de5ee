import { alternate } from './alternate.ts'
import { ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { warmUp } from './warm-up.ts'

export const submit: Row = {
  id: 'submit',
  about: 'POST /artifacts/: durable (202), API and relay alone',
  async run(bench) {
    const product = await bench.small()
    await bench.apiAlone(product)
    const floor = await bench.floorOf(product)
    let run = 0
    const rate = (url: string, headers: Record<string, string>) => () => {
      const requests = { kind: 'submit', type: 'prompt', prefix: `submitted-${run++}` } as const
      return bench.load({ url, headers, requests })
    }
    const sides = {
      keepr: rate(product.url, product.headers),
      floor: rate(floor.url, { 'content-type': 'application/json' }),
    }
    await warmUp(sides)
    const measured = await alternate(bench, sides)
    return [ratioLine({ id: 'submit', what: 'POST, API and relay alone', unit: '/s' }, measured, { atLeast: 0.6 })]
  },
}

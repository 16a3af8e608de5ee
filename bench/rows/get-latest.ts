import { alternate } from './alternate.ts'
import { chooseNames } from './choose-names.ts'
import { ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { warmUp } from './warm-up.ts'

export const getLatest: Row = {
  id: 'latest',
  about: 'GET /artifacts/{name}: token verified, row-level security on, never stale',
  async run(bench) {
    const product = await bench.small()
    const floor = await bench.floorOf(product)
    const paths = (await chooseNames(product, 500)).map((name) => `/artifacts/${name}`)
    const requests = { kind: 'get', paths } as const
    const keepr = () => bench.load({ url: product.url, headers: product.headers, requests })
    const bare = () => bench.load({ url: floor.url, requests })
    const sides = { keepr, floor: bare }
    await warmUp(sides)
    const measured = await alternate(bench, sides)
    return [ratioLine({ id: 'latest', what: 'GET latest', unit: '/s' }, measured, { atLeast: 0.9 })]
  },
}

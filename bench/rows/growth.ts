import type { Line } from '../report/line.ts'
import type { Product } from '../stage/product.ts'
import { alternate, type Run } from './alternate.ts'
import { chooseNames } from './choose-names.ts'
import { postEach } from './post-each.ts'
import { ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { warmUp } from './warm-up.ts'

const ROLLBACKS = 120

type Operation = (product: Product) => () => Promise<Run>

/** The same operations at the small and the large size. A ratio of 1 / 1.3 says that they take 1.3 times as long. */
export const growth: Row = {
  id: 'growth',
  about: 'GET latest, submit, page and rollback at 10 k and at 1 M artifacts',
  async run(bench) {
    const [small, large] = [await bench.small(), await bench.large()]
    await Promise.all([bench.apiAlone(small), bench.apiAlone(large)])
    const names = new Map([
      [small, await chooseNames(small, 1200, { from: 4, to: 5 })],
      [large, await chooseNames(large, 1200, { from: 4, to: 5 })],
    ])
    const namesOf = (product: Product) => names.get(product) ?? []
    let run = 0
    const get =
      (paths: (product: Product) => string[]): Operation =>
      (product) =>
      () =>
        bench.load({ ...product, requests: { kind: 'get', paths: paths(product) } })
    const submit: Operation = (product) => () => {
      const requests = {
        kind: 'submit',
        type: 'prompt',
        prefix: `grown-${run++}`,
        names: submitted(namesOf(product)),
      } as const
      return bench.load({ ...product, requests })
    }
    const operations: Record<string, Operation> = {
      latest: get((product) => namesOf(product).map((name) => `/artifacts/${name}`)),
      page: get(() => ['/artifacts/?limit=50']),
      submit,
      // Each name once: what is rolled back is not rolled back again.
      rollback: (product) => {
        const left = rolledBack(namesOf(product))
        return async () => {
          const posts = left.splice(0, ROLLBACKS)
          const perSecond = await postEach(
            product,
            posts.map((name) => ({ path: `/artifacts/${name}/5/rollback?type=prompt`, body: {} })),
            16,
          )
          return { answers: posts.length, perSecond }
        }
      },
    }
    const lines: Line[] = []
    for (const [name, operation] of Object.entries(operations)) {
      const sides = { keepr: operation(large), floor: operation(small) }
      if (name === 'rollback') await Promise.all([sides.floor(), sides.keepr()])
      else await warmUp(sides)
      const measured = await alternate(bench, sides)
      const what = `${name} at 1 M beside 10 k (${(1 / measured.ratio).toFixed(2)} × the time)`
      lines.push(
        ratioLine({ id: `growth-${name}`, what, unit: '/s' }, measured, { atLeast: Math.round(1000 / 1.3) / 1000 }),
      )
    }
    return lines
  },
}

/** Half of the names get new versions, the other half is rolled back. */
const submitted = (names: readonly string[]) => names.slice(names.length / 2)
const rolledBack = (names: readonly string[]) => names.slice(0, names.length / 2)

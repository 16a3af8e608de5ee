import { median } from '../report/median.ts'
import type { Bench } from '../stage/bench.ts'
import type { Product } from '../stage/product.ts'
import { ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { outboxEmpty, verdictsStored } from './settled.ts'

const CONCURRENCY = 64
const MOST_PER_SECOND = CONCURRENCY / 0.05

export const validate: Row = {
  id: 'validate',
  about: 'submit → verdict with a validator that takes 50 ms, concurrency 64',
  async run(bench) {
    const product = await bench.small()
    await verdictsPerSecond(bench, product)
    const rates: number[] = []
    for (let round = 0; round < bench.options.rounds; round++) rates.push(await verdictsPerSecond(bench, product))
    const keepr = median(rates)
    const measured = { keepr, floor: MOST_PER_SECOND, ratio: keepr / MOST_PER_SECOND }
    return [
      ratioLine({ id: 'validate', what: 'submit → verdict, Checkr of 50 ms', unit: '/s' }, measured, { atLeast: 0.7 }),
    ]
  },
}

let run = 0

async function verdictsPerSecond(bench: Bench, product: Product): Promise<number> {
  const requests = { kind: 'submit', type: 'checked', prefix: `checked-${run++}` } as const
  const load = { url: product.url, headers: product.headers, requests, connections: CONCURRENCY }
  const { answers, startedAtMs } = await bench.load(load)
  const endedAtMs = await verdictsStored(product, 'checked', startedAtMs)
  await outboxEmpty(product)
  return answers / ((endedAtMs - startedAtMs) / 1000)
}

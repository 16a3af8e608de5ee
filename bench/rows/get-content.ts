import { randomBytes } from 'node:crypto'
import type { Line } from '../report/line.ts'
import type { Bench } from '../stage/bench.ts'
import type { Product } from '../stage/product.ts'
import { alternate } from './alternate.ts'
import { chooseNames } from './choose-names.ts'
import { ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { submitOne } from './submit-one.ts'
import { warmUp } from './warm-up.ts'

export const getContent: Row = {
  id: 'content',
  about: 'GET …/content: 304, 1 kB, 1 MB',
  async run(bench) {
    const product = await bench.small()
    const [name = ''] = await chooseNames(product, 1)
    const small = `/artifacts/${name}/5/content`
    const large = await publishLarge(product)
    const head = await fetch(product.url + small, { method: 'HEAD', headers: product.headers })
    const etag = head.headers.get('etag') ?? ''
    return [
      await compare(bench, product, {
        id: 'content-304',
        what: 'content, If-None-Match',
        path: small,
        atLeast: 0.9,
        etag,
      }),
      await compare(bench, product, { id: 'content-1k', what: 'content of 1 kB', path: small, atLeast: 0.9 }),
      await compare(bench, product, { id: 'content-1m', what: 'content of 1 MB', path: large, atLeast: 0.8 }),
    ]
  },
}

type Asked = { id: string; what: string; path: string; atLeast: number; etag?: string }

async function compare(bench: Bench, product: Product, { id, what, path, atLeast, etag }: Asked): Promise<Line> {
  const floor = await bench.floorOf(product)
  const requests = { kind: 'get', paths: [path] } as const
  const extra: Record<string, string> = etag === undefined ? {} : { 'if-none-match': etag }
  const rate = (url: string, headers: Record<string, string>) => () =>
    bench.load({ url, requests, headers: { ...headers, ...extra } })
  const sides = { keepr: rate(product.url, product.headers), floor: rate(floor.url, {}) }
  await warmUp(sides)
  return ratioLine({ id, what, unit: '/s' }, await alternate(bench, sides), { atLeast })
}

async function publishLarge(product: Product): Promise<string> {
  const content_base64 = randomBytes(1024 * 1024).toString('base64')
  const { version } = await submitOne(product, { name: 'bench-large', type: 'model_weights', content_base64 })
  return `/artifacts/bench-large/${version}/content`
}

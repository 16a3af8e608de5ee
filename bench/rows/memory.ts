import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Line } from '../report/line.ts'
import { resident } from '../stage/resident.ts'
import type { Product } from '../stage/product.ts'
import { plainLine } from './line-of.ts'
import type { Row } from './row.ts'

const MEGABYTES = 30

export const memory: Row = {
  id: 'memory',
  about: 'resident memory of each process under the load so far; what 30 MB up and down add',
  async run(bench) {
    const product = await bench.small()
    const lines = Object.entries(product.network.services).map(([name, { pid }]) => {
      const told = { id: `memory-${name}`, what: `${name}, peak under the load so far`, unit: 'MB' }
      return plainLine(told, resident(pid)?.peak ?? Number.NaN, { atMost: 160 })
    })
    const content = randomBytes(MEGABYTES * 1024 * 1024)
    let path = ''
    const up = await added(product, async () => void (path = await upload(product, content)))
    const down = await added(product, () => download(product, path))
    const most = { atMost: 3 }
    return [
      ...lines,
      plainLine(
        { id: 'memory-upload', what: `${MEGABYTES} MB up, all processes`, unit: '× size' },
        up / MEGABYTES,
        most,
      ),
      plainLine(
        { id: 'memory-download', what: `${MEGABYTES} MB down, all processes`, unit: '× size' },
        down / MEGABYTES,
        most,
      ),
    ] satisfies Line[]
  },
}

async function upload({ url, headers }: Product, content: Buffer<ArrayBuffer>): Promise<string> {
  const form = new FormData()
  form.append(
    'artifact',
    new Blob([JSON.stringify({ name: `bench-memory-${Date.now()}`, type: 'model_weights' })], {
      type: 'application/json',
    }),
  )
  form.append('content', new Blob([content]), 'content')
  const { 'content-type': _json, ...others } = headers
  const answer = await fetch(`${url}/artifacts/`, {
    method: 'POST',
    headers: { ...others, prefer: 'wait=30' },
    body: form,
  })
  if (answer.status !== 201) throw new Error(`the upload was not published: ${answer.status} ${await answer.text()}`)
  await answer.body?.cancel()
  return (answer.headers.get('location') ?? '').replace('?', '/content?')
}

async function download({ url, headers }: Product, path: string): Promise<void> {
  const answer = await fetch(url + path, { headers })
  let bytes = 0
  for await (const chunk of answer.body ?? []) bytes += chunk.byteLength
  if (bytes !== MEGABYTES * 1024 * 1024) throw new Error(`${bytes} bytes came (${answer.status})`)
}

/** By how many MB the processes together grew at most while something happened. */
async function added({ network }: Product, happens: () => Promise<void>): Promise<number> {
  const now = () =>
    Object.values(network.services).reduce((sum, { pid }) => sum + (resident(pid)?.now ?? Number.NaN), 0)
  const before = now()
  let most = before
  let over = false
  const watching = (async () => {
    for (; !over; await pause(5)) most = Math.max(most, now())
  })()
  try {
    await happens()
  } finally {
    over = true
    await watching
  }
  return most - before
}

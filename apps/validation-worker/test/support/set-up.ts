import { afterAll } from 'vitest'
import { httpPeer, type HttpPeer, json } from './http-peer.ts'
import { testWorker, type TestWorker } from './worker.ts'

/** A worker and a validator that finds everything valid, for all tests of a file. */
export async function setUp(
  lookup?: Parameters<typeof testWorker>[0],
): Promise<{ worker: TestWorker; peer: HttpPeer }> {
  const [worker, peer] = await Promise.all([testWorker(lookup), httpPeer(json(200, { valid: true }))])
  afterAll(async () => {
    await peer[Symbol.asyncDispose]()
    await worker[Symbol.asyncDispose]()
  })
  return { worker, peer }
}

import { randomBytes } from 'node:crypto'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { expect, test } from 'vitest'
import { requestBody } from './request-body.ts'

test.each([0, 1, 2, 3, 196_607, 196_608, 196_609, 1_000_000])('%d bytes are sent as base64', (size) => {
  const content = randomBytes(size)
  // SAFETY: no more of a run is looked at.
  const run = { id: 'a-run', name: 'weights', content_kind: 'binary' } as OpenRun
  expect(JSON.parse(requestBody(run, content).toString())).toEqual({
    run_id: 'a-run',
    artifact: { name: 'weights', content_base64: content.toString('base64') },
  })
})

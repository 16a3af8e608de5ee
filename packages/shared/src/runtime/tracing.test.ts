import { expect, test } from 'vitest'
import { beginSpan, inSpan, traceFields, traceparentHere, traceparentOf } from './tracing.ts'
import { formatTraceparent, parseTraceparent } from './tracing/traceparent.ts'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('a traceparent is read and written unchanged, and what is none is nothing', () => {
  const read = parseTraceparent(TRACEPARENT)
  expect(read && formatTraceparent(read)).toBe(TRACEPARENT)
  for (const text of [
    undefined,
    null,
    '',
    TRACEPARENT.toUpperCase(),
    `${TRACEPARENT}-more`,
    TRACEPARENT.replace(/^00/, 'ff'),
    TRACEPARENT.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
    TRACEPARENT.replace('b7ad6b7169203331', '0'.repeat(16)),
    `${TRACEPARENT}\n`,
  ])
    expect(parseTraceparent(text), String(text)).toBeUndefined()
})

test('with tracing off work is done without a span, and what a caller named is passed on if it is a trace', async () => {
  const seen = await inSpan('work', { parent: TRACEPARENT }, async (span) => ({
    records: span.isRecording(),
    here: traceparentHere(),
    log: traceFields(),
  }))
  expect(seen).toEqual({ records: false, here: undefined, log: {} })
  expect(beginSpan('relay', { parent: TRACEPARENT }).traceparent).toBe(TRACEPARENT)
  expect([traceparentHere(TRACEPARENT), traceparentOf(TRACEPARENT)]).toEqual([TRACEPARENT, TRACEPARENT])
  expect([traceparentHere('nonsense'), traceparentOf('nonsense')]).toEqual([undefined, undefined])
  await expect(inSpan('work', {}, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own')
})

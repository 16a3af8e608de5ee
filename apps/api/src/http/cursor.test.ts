import { expect, test } from 'vitest'
import { readCursor, type SortKey, writeCursor } from './cursor.ts'

const read = (parts: string[], key: SortKey) => readCursor(writeCursor(parts, 'a list'), { question: 'a list', key })
const id = '019ab1de-7c00-7000-8000-000000000001'

test('a cursor gives back the place that it was made of', () => {
  expect(read(['2026-11-28T00:47:01.574519Z', id], ['time', 'id'])).toEqual(['2026-11-28T00:47:01.574519Z', id])
  expect(read(['a', 'prompt', '1.0.0-rc.1', id], ['text', 'text', 'version', 'id'])).toEqual(['a', 'prompt', '1.0.0-rc.1', id]) // prettier-ignore
  expect(read(['1763971200000000'], ['position'])).toEqual(['1763971200000000'])
})

test.each<[string[], SortKey]>([
  [
    ['infinity', id],
    ['time', 'id'],
  ],
  [
    ['2026-11-28', id],
    ['time', 'id'],
  ],
  [
    ['2026-11-28T00:47:01Z', 'x'],
    ['time', 'id'],
  ],
  [['2026-11-28T00:47:01Z'], ['time', 'id']],
  [['a\u0000'], ['text']],
  [['01'], ['version']],
  [['-1'], ['position']],
  [['0.5'], ['position']],
  [['1e400'], ['position']],
  [['99999999999999999999'], ['position']],
])('one that somebody made of what no item has is refused: %j', (parts, key) => {
  expect(() => read(parts, key)).toThrow(expect.objectContaining({ code: 'validation-error' }))
})

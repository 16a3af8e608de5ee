import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

test('groups take turns, each in its order', () => {
  const turns = createTurns<string>()
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) turns.add(item[0] ?? '', item)
  expect(turns.size()).toBe(6)
  expect([1, 2, 3, 4].map(() => turns.next())).toEqual(['a1', 'b1', 'c1', 'a2'])
  turns.add('c', 'c2')
  expect([1, 2, 3, 4].map(() => turns.next())).toEqual(['b2', 'a3', 'c2', undefined])
  expect(turns.size()).toBe(0)
})

test('what is meant is taken out, and the turn of the others stays', () => {
  const turns = createTurns<string>()
  for (const item of ['a1', 'a2', 'b1', 'c1']) turns.add(item[0] ?? '', item)
  expect(turns.remove((item) => item === 'a1' || item === 'b1')).toEqual(['a1', 'b1'])
  expect(turns.size()).toBe(2)
  expect([1, 2, 3].map(() => turns.next())).toEqual(['a2', 'c1', undefined])
})

import { expect, test } from 'vitest'
import { isName, isTypeName } from './naming.ts'

test.each(['a', 'A', '0', 'my-prompt', 'My_Prompt.v2', 'a'.repeat(128), 'By-id', 'cleanup2', 'a..b'])(
  '%s is a name',
  (name) => expect(isName(name)).toBe(true),
)

test.each([
  '',
  '.',
  '..',
  '-a',
  '_a',
  '.a',
  'a/b',
  '../x',
  'a b',
  'a ',
  'a\n',
  'ä',
  'a\u202e',
  'a\0',
  'a'.repeat(129),
  'by-id',
  'cleanup',
])('%j is no name', (name) => expect(isName(name)).toBe(false))

test('a type is named like a name, but shorter', () => {
  expect(['prompt', 'frontend_plugin', 'cleanup'].every(isTypeName)).toBe(true)
  expect(['', 'a/b', 'a'.repeat(65), 'typ '].some(isTypeName)).toBe(false)
})

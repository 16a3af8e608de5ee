import { expect, test } from 'vitest'
import { readMediaType } from './media-type.ts'

test.each([
  ['application/json', { type: 'application/json', charset: undefined }],
  ['Text/Plain; charset=UTF-8', { type: 'text/plain', charset: 'utf-8' }],
  ['text/plain;charset="latin1"', { type: 'text/plain', charset: 'latin1' }],
  ['multipart/x; a="b;c\\""; d=e', { type: 'multipart/x', charset: undefined }],
])('%s is a media type', (text, read) => {
  expect(readMediaType(text)).toEqual(read)
})

test.each([
  '',
  'text',
  'text/',
  '/plain',
  'bad type/x',
  'text/plain;',
  'text/plain; x',
  'a/b\u0001',
  'a/b; c="\u0001"',
  'é/b',
  'a/b\r\nX: y',
  `a/${'b'.repeat(254)}`,
])('%j is none', (text) => {
  expect(readMediaType(text)).toBeUndefined()
})

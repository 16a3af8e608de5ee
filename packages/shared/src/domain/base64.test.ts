import { expect, it } from 'vitest'
import { isBase64 } from './base64.ts'

it.each(['', 'QQ==', 'QUI=', 'QUJD', 'ab+/', 'A'.repeat(40_000_000)])('takes base64', (text) => {
  expect(isBase64(text)).toBe(true)
})

it.each(['Q', 'QQ', 'QQ=', 'Q===', '====', 'QQ==QQ==', 'QU\nJD', 'QUJ-', 'QUJ_', ' QQ=', 'é==='])(
  'refuses %j',
  (text) => {
    expect(isBase64(text)).toBe(false)
  },
)

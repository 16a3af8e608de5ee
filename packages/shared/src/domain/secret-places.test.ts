import { expect, test } from 'vitest'
import { fillSecrets, secretsIn } from './secret-places.ts'

test('secrets are named in capitals, digits and underscores', () => {
  expect(secretsIn('https://{{HOST}}/{{PATH_2}}?a={{not}}&b={{2ND}}&c={ {X} }{{HOST}}')).toEqual([
    'HOST',
    'PATH_2',
    'HOST',
  ])
  expect(secretsIn('')).toEqual([])
})

test('each place is filled in once, whatever the value, and one without a value stays', () => {
  const values = new Map([
    ['A', '$& {{B}}'],
    ['B', ''],
  ])
  expect(fillSecrets('{{A}}-{{B}}-{{C}}', values)).toBe('$& {{B}}--{{C}}')
})

import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { supersededVersions } from './retention.ts'
import { latestVersion } from './version.ts'

const standing = (...versions: string[]) => versions.map((version) => ({ id: `id of ${version}`, version }))
const leaving = (versions: string[], justPublished: string, maxPublished: number) =>
  supersededVersions(standing(...versions), `id of ${justPublished}`, maxPublished).map(({ version }) => version)

test('the lowest versions beyond the number leave, by value and not by text', () => {
  expect(leaving(['9', '10', '11', '2'], '11', 2)).toEqual(['2', '9'])
  expect(leaving(['1.0.0', '1.10.0', '1.9.0'], '1.10.0', 2)).toEqual(['1.0.0'])
  expect(leaving(['1', '2'], '2', 2)).toEqual([])
})

test('neither the latest nor the version just published leaves, even if that keeps one too many', () => {
  expect(leaving(['1.0.0', '2.0.0', '0.5.0'], '0.5.0', 1)).toEqual(['1.0.0'])
  expect(leaving(['1.0.0', '2.0.0-rc.1'], '2.0.0-rc.1', 1)).toEqual([])
  expect(leaving(['2.0.0-rc.1', '2.0.0-rc.2'], '2.0.0-rc.2', 1)).toEqual(['2.0.0-rc.1'])
})

const versions = fc.uniqueArray(
  fc.tuple(fc.nat(3), fc.nat(12), fc.constantFrom('', '-rc.1', '-rc.2')).map(([a, b, pre]) => `${a}.${b}.0${pre}`),
  { minLength: 1, maxLength: 12 },
)
property.prop([versions, fc.nat(11), fc.integer({ min: 1, max: 6 })])(
  'at most N stay, or two where the latest is not the one just published',
  (all, pick, maxPublished) => {
    const justPublished = all[pick % all.length] ?? ''
    const left = leaving(all, justPublished, maxPublished)
    const stay = all.filter((version) => !left.includes(version))
    expect(stay).toContain(justPublished)
    expect(stay).toContain(latestVersion(all))
    expect(stay.length).toBeLessThanOrEqual(Math.max(maxPublished, 2))
    expect(stay.length).toBeGreaterThanOrEqual(Math.min(all.length, maxPublished))
  },
)

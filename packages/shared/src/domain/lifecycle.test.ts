import { readFileSync } from 'node:fs'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { destination, ENTRY_STATUSES, isUsable, mayMove, MOVES, STATUSES, transitions } from './lifecycle.ts'

const docs = readFileSync(new URL('../../../../docs/lifecycle.md', import.meta.url), 'utf8')
const table = transitions.map(({ from, to, by }) => `${from} → ${to} by ${by.join(', ')}`)

describe('the lifecycle', () => {
  test('is the one that the table in docs/lifecycle.md shows', () => {
    const rows = [...docs.matchAll(/^\| `(\w+)` \| `(\w+)` \| ([\w, ]+) \|/gmu)]
    expect(rows.map(([, from, to, by]) => `${from} → ${to} by ${by}`)).toEqual(table)
  })

  test('is the one that the diagram in docs/lifecycle.md draws', () => {
    const arrows = [...docs.matchAll(/^ {2}(\w+) --> (\w+) : ([\w, ]+)$/gmu)]
    expect(arrows.map(([, from, to, by]) => `${from} → ${to} by ${by}`)).toEqual(table)
    const entries = [...docs.matchAll(/\[\*\] --> (\w+)/gu)].map(([, to]) => to)
    expect(entries).toEqual(ENTRY_STATUSES)
  })

  test('lets every state be reached and every verb lead somewhere', () => {
    const reached = new Set([...ENTRY_STATUSES, ...transitions.map(({ to }) => to)])
    expect(STATUSES.filter((status) => !reached.has(status))).toEqual([])
    expect(MOVES.filter((move) => !transitions.some(({ by }) => by.includes(move)))).toEqual([])
  })

  property.prop([fc.constantFrom(...STATUSES), fc.constantFrom(...MOVES)])(
    'never leads a verb to two places',
    (from, by) => {
      expect(transitions.filter((move) => move.from === from && move.by.includes(by)).length).toBeLessThanOrEqual(1)
      const to = destination(from, by)
      for (const other of STATUSES) expect(mayMove(from, other, by)).toBe(other === to)
    },
  )

  property.prop([fc.array(fc.constantFrom(...STATUSES), { minLength: 1, maxLength: 30 })])(
    'comes to published only out of verification or the history',
    (wishes) => {
      let now = wishes[0] ?? 'draft'
      for (const wish of wishes) {
        if (!mayMove(now, wish)) continue
        if (wish === 'published') expect(['on_verification', 'archived']).toContain(now)
        now = wish
      }
    },
  )

  test('makes published the only usable state', () => {
    expect(STATUSES.filter(isUsable)).toEqual(['published'])
  })
})

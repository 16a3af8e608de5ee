import { expandRoles, type Role } from '@keepr/shared/domain/role'
import { expect, test } from 'vitest'
import { createListedItems } from './listed-items.ts'

const id = '01a21836-2eec-7305-b363-0ca096897741'
const at = '2026-11-26 14:15:33.86645+00'
/** A row as the database writes it, with what tells it from others. */
const aRow = ({ group_id = 'acme', metadata = {}, created_by = 'alice' } = {}) => ({
  group_id,
  item: [
    id,
    '"prompt"',
    'greeting',
    '1',
    'published',
    'public',
    JSON.stringify(created_by),
    '"application/json"',
    '3',
    'ab',
  ]
    .concat([JSON.stringify(metadata), at, at, at, '', '', '', '', 'passed', '[{"message":"for authors"}]', '', at, ''])
    .join('\u001F'),
})
const actor = (groupId: string, role: Role) => ({ groupId, userId: 'somebody', roles: expandRoles([role]) })

test('an item is made once for a row and a kind of viewer', () => {
  const items = createListedItems(64 * 1024)
  const first = items(aRow(), actor('acme', 'author'))
  expect(items(aRow(), actor('acme', 'admin'))).toBe(first)
  expect(items(aRow({ metadata: { changed: true } }), actor('acme', 'author')).json).toContain('"changed":true')
})

test('who may be told less is told less of a row that somebody else was told of before', () => {
  const items = createListedItems(64 * 1024)
  const told = (groupId: string, role: Role) => JSON.parse(items(aRow(), actor(groupId, role)).json) as object
  expect(told('acme', 'author')).toMatchObject({ created_by: 'alice', validation: { findings: [{}] } })
  expect(told('acme', 'consumer')).toMatchObject({ created_by: 'alice', validation: { findings: [] } })
  expect(told('other', 'author')).not.toHaveProperty('created_by')
  expect(told('other', 'author')).not.toHaveProperty('validation')
  expect(told('acme', 'author')).toMatchObject({ validation: { findings: [{}] } })
})

test('what is not asked for makes room for what is', () => {
  const items = createListedItems(64 * 1024)
  const reader = actor('acme', 'author')
  const first = items(aRow(), reader)
  for (let other = 0; other < 100; other++) items(aRow({ created_by: `user-${other}` }), reader)
  const again = items(aRow(), reader)
  expect(again).not.toBe(first)
  expect(again).toEqual(first)
})

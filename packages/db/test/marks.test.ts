import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

// What stands in the index was made by an earlier form of the function: whatever makes them, marks stay the same.
it('a mark is the hash of what it stands for in its group, of each tag and of each word', async () => {
  const word = fc.stringMatching(/^[a-zà-ÿ0-9_"\\' -]{0,12}$/u)
  await fc.assert(
    fc.asyncProperty(
      word,
      fc.array(word, { maxLength: 4 }),
      fc.array(word, { maxLength: 6 }),
      async (group, tags, words) => {
        const [row] = await database.admin<{ marks: string[]; expected: string[] }[]>`
        with given as (select ${JSON.stringify(tags)}::text::jsonb as tags, to_tsvector('simple', ${words.join(' ')}) as words)
        select group_marks(${group}, tags, words)::text[] as marks,
               array(select hashtextextended('tag ' || ${group} || e'\n' || tag, 0)::text
                       from jsonb_array_elements_text(tags) with ordinality as t (tag, place) order by place)
               || array(select hashtextextended('word ' || ${group} || e'\n' || word, 0)::text
                          from unnest(tsvector_to_array(words)) with ordinality as w (word, place) order by place) as expected
          from given`
        expect(row?.marks).toEqual(row?.expected)
      },
    ),
    { numRuns: 60 },
  )
})

it('what has neither tags nor words has no mark', async () => {
  const [row] = await database.admin<{ of_nothing: string[]; of_no_list: string[] }[]>`
    select group_marks('acme', null, null)::text[] as of_nothing, group_marks('acme', '"a"', '')::text[] as of_no_list`
  expect(row).toEqual({ of_nothing: [], of_no_list: [] })
})

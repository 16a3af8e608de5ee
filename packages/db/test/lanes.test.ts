import { setImmediate as endOfTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { postgres } from '@keepr/db/driver/postgres'
import { type Lane, runInTransaction, sqlState, type Story, type Tx } from '@keepr/db/transaction'
import { createRandom } from '@keepr/dev-env/chaos/random'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'

// Of a lane each transaction is sent behind the commit of the one before. Whatever becomes of one, the others are whole, and their own.
let database: TestDatabase
let sql: ReturnType<typeof postgres>
/** Of an end without a transaction, or a beginning within one. */
const warnings: unknown[] = []
beforeAll(async () => {
  database = await createTestDatabase()
  await database.admin`create table notes (
    word text not null check (word <> 'bad'), writer text not null default current_setting('keepr.user_id', true),
    xid xid8 not null default pg_current_xact_id(), pid integer not null default pg_backend_pid())`
  await database.admin`grant select, insert on notes to keepr_api`
  sql = postgres(database.urlOf('keepr_api'), {
    max: 3,
    connection: { application_name: 'test-lanes' },
    onnotice: (notice) => warnings.push(notice['message']),
  })
})
beforeEach(() => database.admin`truncate notes`)
afterAll(async () => {
  await sql.end({ timeout: 5 })
  await database[Symbol.asyncDispose]()
})

setFlagsFromString('--expose-gc')
// SAFETY: that is what the flag brings.
const collect = runInNewContext('gc') as () => void

const as = (userId: string) => ({ groupId: 'acme', userId, roles: ['author'] })
const run = <T>(story: Story<T>, lane?: Lane, userId = 'u') => runInTransaction(sql, as(userId), story, lane)
const noted = async () =>
  (await database.admin<{ word: string }[]>`select word from notes order by word`).map(({ word }) => word)
const settled = async (all: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(all)).map((one) =>
    one.status === 'fulfilled' ? 'kept' : (sqlState(one.reason) ?? 'thrown'),
  )

/** Writes words, and sends the commit with the last of them. */
const note =
  (...words: string[]): Story<void> =>
  async (tx, commit) => {
    const writing = words.map((word) => tx`insert into notes (word) values (${word})`.execute())
    commit()
    await Promise.all(writing)
  }
const slowly: Story<void> = async (tx, commit) => {
  const writing = tx`insert into notes (word) select 'slow' from pg_sleep(0.1)`.execute()
  commit()
  await writing
}
const cut = (tx: Tx) => tx`select pg_terminate_backend(pg_backend_pid())`

/** Once each connection knows the statements, they leave in one flight. */
async function prepare(lane: Lane) {
  for (let time = 0; time < 2; time++) {
    await run(note('prepared'), lane)
    await run(slowly, lane)
  }
  await database.admin`truncate notes`
}

describe('a lane', () => {
  it('sends a transaction behind the commit of the one before, on its connection', async () => {
    const lane: Lane = {}
    await prepare(lane)
    const order: string[] = []
    const first = run(slowly, lane).then(() => order.push('first is answered'))
    const second = run(async (tx, commit) => {
      order.push('second is sent')
      await note('second')(tx, commit)
    }, lane)
    await Promise.all([first, second])
    expect(order).toEqual(['second is sent', 'first is answered'])
    const [at] =
      await database.admin`select count(distinct pid)::int as pids, count(distinct xid)::int as xids from notes`
    expect(at).toEqual({ pids: 1, xids: 2 })
  })

  it('lets others have other connections meanwhile', async () => {
    const lane: Lane = {}
    await prepare(lane)
    const inLane = Promise.all([run(slowly, lane), run(slowly, lane), run(slowly, lane)])
    await run(note('other'), undefined, 'v')
    expect(await noted()).not.toContain('slow')
    await inLane
    expect(await noted()).toEqual(['other', 'slow', 'slow', 'slow'])
  })

  it('gives its connection back where others wait for one', async () => {
    const only = postgres(database.urlOf('keepr_api'), { max: 1 })
    const lane: Lane = {}
    const busy = Promise.withResolvers<void>()
    let otherIsDone = false
    let begun = 0
    const shortly: Story<void> = async (tx, commit) => {
      begun += 1
      if (begun === 10) busy.resolve()
      const waiting = tx`select pg_sleep(0.01)`.execute()
      commit()
      await waiting
    }
    const client = async () => {
      while (!otherIsDone && begun < 200) await runInTransaction(only, as('u'), shortly, lane)
    }
    const clients = [client(), client()]
    await busy.promise
    await runInTransaction(only, as('v'), note('other')).then(() => (otherIsDone = true))
    await Promise.all(clients)
    expect(begun).toBeLessThan(50)
    await only.end()
  })

  it('waits for one that has not sent its commit yet', async () => {
    const lane: Lane = {}
    const gate = Promise.withResolvers<void>()
    const first = run(async (tx) => {
      await tx`insert into notes (word) values ('first')`
      await gate.promise
    }, lane)
    let begun = false
    const second = run(async () => {
      begun = true
    }, lane)
    await run(note('other'))
    expect(begun).toBe(false)
    gate.resolve()
    await Promise.all([first, second])
    expect(begun).toBe(true)
  })

  it('is not held up by one that fails', async () => {
    const lane: Lane = {}
    await prepare(lane)
    let tries = 0
    const second: Story<void> = (tx, commit) => {
      tries += 1
      return note('second')(tx, commit)
    }
    const all = [run(slowly, lane), run(note('first', 'bad'), lane), run(second, lane), run(note('third'), lane)]
    expect(await settled(all)).toEqual(['kept', '23514', 'kept', 'kept'])
    expect(tries).toBe(1)
    expect(await noted()).toEqual(['second', 'slow', 'third'])
  })

  it('sends nothing of a story behind its commit', async () => {
    const lane: Lane = {}
    await prepare(lane)
    const late: Story<void> = async (tx, commit) => {
      await note('in time')(tx, commit)
      await tx`insert into notes (word) values ('late')`
    }
    expect(await settled([run(slowly, lane), run(late, lane), run(note('next'), lane)])).toEqual([
      'kept',
      'TRANSACTION_ENDED',
      'kept',
    ])
    expect(await noted()).not.toContain('late')
  })

  it('keeps nothing of a story of which something could not be written', async () => {
    const lane: Lane = {}
    await prepare(lane)
    // SAFETY: what a caller in JavaScript may hand over.
    const unwritable = undefined as unknown as string
    expect(await settled([run(slowly, lane), run(note('written', unwritable), lane)])).toEqual([
      'kept',
      'UNDEFINED_VALUE',
    ])
    expect(await noted()).toEqual(['slow'])
  })

  it('remembers nothing of what is over', async () => {
    const lane: Lane = {}
    const held: WeakRef<object>[] = []
    let alive = 0
    const one = () => {
      const content = { text: 'submitted' }
      held.push(new WeakRef(content))
      return run(async (tx, commit) => {
        const waiting = tx`select ${content.text}, pg_sleep(0.002)`.execute()
        commit()
        await waiting
      }, lane)
    }
    const client = async () => {
      while (held.length < 60) await one()
    }
    const looking = async () => {
      await client()
      collect()
      alive = held.filter((ref) => ref.deref() !== undefined).length
    }
    await Promise.all([client(), client().then(one), looking()])
    expect(alive).toBeLessThan(10)
  })

  it('leaves nothing open where one fails and the one behind it throws', async () => {
    const lane: Lane = {}
    await prepare(lane)
    const thrown: Story<void> = async (tx) => {
      await tx`insert into notes (word) values ('thrown')`.execute()
      throw new Error('of the story')
    }
    const early: Story<void> = (tx) => {
      void tx`insert into notes (word) values ('early')`.execute().catch(() => {})
      throw new Error('of the story')
    }
    const all = [
      run(slowly, lane),
      run(note('bad'), lane),
      run(thrown, lane),
      run(early, lane),
      run(note('last'), lane),
    ]
    expect(await settled(all)).toEqual(['kept', '23514', 'thrown', 'thrown', 'kept'])
    expect(await noted()).toEqual(['last', 'slow'])
    await nothingOpen()
  })

  it('fails all that is under way where its connection is lost, and goes on', async () => {
    const lane: Lane = {}
    await prepare(lane)
    const cutting: Story<void> = async (tx, commit) => {
      const cutOff = cut(tx).execute()
      commit()
      await cutOff
    }
    const all = [run(slowly, lane), run(cutting, lane), run(note('behind'), lane)]
    const [first, ...others] = await settled(all)
    expect(first).toBe('kept')
    expect(others).not.toContain('kept')
    await run(note('after'), lane)
    expect(await noted()).toEqual(['after', 'slow'])
  })
})

/** What a story does, and whether it is kept. */
type Kind = { fate: 'kept' | 'refused' | 'cut'; story: (words: readonly string[]) => Story<void> }
const kinds: Record<string, Kind> = {
  'commit sent along': { fate: 'kept', story: (words) => note(...words) },
  'commit sent along, refused first': { fate: 'refused', story: (words) => note('bad', ...words) },
  'commit sent along, refused last': { fate: 'refused', story: (words) => note(...words, 'bad') },
  'in two flights': {
    fate: 'kept',
    story:
      ([first = '', ...words]) =>
      async (tx, commit) => {
        await tx`insert into notes (word) values (${first})`
        await note(...words)(tx, commit)
      },
  },
  'in two flights, refused': {
    fate: 'refused',
    story: (words) => async (tx, commit) => {
      await tx`insert into notes (word) select unnest(${[...words]}::text[])`
      await note('bad')(tx, commit)
    },
  },
  'in flights that are large': {
    fate: 'kept',
    story: (words) => async (tx, commit) => {
      const large =
        tx`insert into notes (word) select ${words[0] ?? ''} where length(${'x'.repeat(65_300)}) > 0`.execute()
      const writing = words.slice(1).map((word) => tx`insert into notes (word) values (${word})`.execute())
      commit()
      await Promise.all([large, ...writing])
    },
  },
  'commit sent a turn later': {
    fate: 'kept',
    story: (words) => async (tx, commit) => {
      const writing = words.map((word) => tx`insert into notes (word) values (${word})`.execute())
      await endOfTurn()
      commit()
      await Promise.all(writing)
    },
  },
  'commit sent a turn later, refused': {
    fate: 'refused',
    story: (words) => async (tx, commit) => {
      const writing = Promise.all([...words, 'bad'].map((word) => tx`insert into notes (word) values (${word})`))
      writing.catch(() => {})
      await endOfTurn()
      commit()
      await writing
    },
  },
  'commit sent after': {
    fate: 'kept',
    story: (words) => async (tx) => {
      await Promise.all(words.map((word) => tx`insert into notes (word) values (${word})`))
    },
  },
  'refused, without a commit': {
    fate: 'refused',
    story: (words) => async (tx) => {
      await Promise.all([...words, 'bad'].map((word) => tx`insert into notes (word) values (${word})`))
    },
  },
  'thrown at once': {
    fate: 'refused',
    story: (words) => (tx) => {
      for (const word of words) tx`insert into notes (word) values (${word})`.execute().catch(() => {})
      throw new Error('of the story')
    },
  },
  'thrown after an answer': {
    fate: 'refused',
    story: (words) => async (tx) => {
      await tx`insert into notes (word) select unnest(${[...words]}::text[])`
      throw new Error('of the story')
    },
  },
  'of a statement that nobody knows': {
    fate: 'kept',
    story: (words) => async (tx, commit) => {
      const writing =
        tx`insert into notes (word) select w from unnest(${[...words]}::text[]) ${tx(unheardOf())} (w)`.execute()
      commit()
      await writing
    },
  },
  'the end of its connection': {
    fate: 'cut',
    story: (words) => async (tx, commit) => {
      const writing = [
        ...words.map((word) => tx`insert into notes (word) values (${word})`.execute()),
        cut(tx).execute(),
      ]
      commit()
      await Promise.all(writing)
    },
  },
}

let named = 0
const unheardOf = () => `unheard_of_${named++}`

describe.each([1, 2, 3, 4])('whatever happens in lanes (seed %i)', (seed) => {
  it('keeps each transaction whole, its own, and no other', async () => {
    const random = createRandom(String(seed))
    const lanes = new Map<string, Lane>([['u', {}], ['v', {}]]) // prettier-ignore
    const rare = Object.entries(kinds)
    const frequent = rare.filter(([, { fate }]) => fate === 'kept')
    const done: (Pick<Kind, 'fate'> & {
      name: string
      writer: string
      kind: string
      words: string[]
      outcome: string
    })[] = []
    await Promise.all(
      ['u', 'u', 'u', 'v', 'v', 'w', 'w'].map(async (writer, client) => {
        for (let time = 0; time < 60; time++) {
          const chosen = random.pick(random.chance(0.6) ? frequent : rare)
          if (!chosen) throw new Error('there is no story to choose')
          const [kind, { fate, story }] = chosen
          const name = `${client}-${time}`
          const words = Array.from({ length: random.between(1, 4) }, (_, at) => `${name}-${at}`)
          const [outcome = ''] = await settled([run(story(words), lanes.get(writer), writer)])
          done.push({ name, writer, kind, fate, words, outcome })
        }
      }),
    )
    const rows = await database.admin<{ name: string; words: string[]; writers: string[]; xids: number }[]>`
      select left(word, -2) as name, array_agg(word order by word) as words, array_agg(distinct writer) as writers,
             count(distinct xid)::int as xids
        from notes group by 1`
    const found = new Map(rows.map((row) => [row.name, row]))
    for (const { name, writer, kind, fate, words, outcome } of done) {
      const whole = { name, words, writers: [writer], xids: 1 }
      const lost = ['CONNECTION_CLOSED', '57P01', 'ECONNRESET', 'EPIPE'].includes(outcome)
      if (fate === 'kept' && !lost) expect({ kind, outcome }).toEqual({ kind, outcome: 'kept' })
      if (fate !== 'kept') expect({ kind, outcome }).not.toEqual({ kind, outcome: 'kept' })
      if (outcome === 'kept') expect(found.get(name)).toEqual(whole)
      else if (fate === 'kept' && lost) expect([undefined, whole]).toContainEqual(found.get(name))
      else expect({ kind, found: found.get(name) }).toEqual({ kind, found: undefined })
    }
    await nothingOpen()
  })
})

async function nothingOpen() {
  await waitFor(async () => {
    const open = await database.admin`
      select state from pg_stat_activity where application_name = 'test-lanes' and state <> 'idle'`
    return open.count === 0
  }, 'each connection to be idle')
  const left = await Promise.all(
    Array.from({ length: 6 }, () => sql`select current_setting('keepr.user_id', true) as of_user, pg_sleep(0.01)`),
  )
  expect(left.map(([row]) => row?.['of_user'] || null)).toEqual(left.map(() => null))
  expect(warnings).toEqual([])
}

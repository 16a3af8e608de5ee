import type { Actor } from '@keepr/shared/domain/actor'
import { gathered } from './gathered.ts'
import type { Commit, Lane, Story, Tx } from './transaction.ts'
import { mayBeKept } from './unavailable.ts'

/**
 * A transaction that does the same for several items of one user, and gives one answer for each, in order: an error is thrown to
 * whom it concerns. `commit` is to be called once its last statements are sent, where there is nothing to decide any more.
 */
export type StoryOfMany<Item, Out> = {
  run(tx: Tx, actor: Actor, items: readonly Item[], commit: Commit): Promise<readonly (Out | Error)[]>
  /** What all items of one transaction have in common. */
  sharedBy(item: Item): string
  /** What no two items of one transaction have in common. */
  apartBy(item: Item): string
}

export type Transact = <T>(actor: Actor, story: Story<T>, lane?: Lane) => Promise<T>
export type WriteTogether = <Item, Out>(actor: Actor, story: StoryOfMany<Item, Out>, item: Item) => Promise<Out>

/** So few that the transaction stays short. */
const MOST_AT_ONCE = 32

type Asked = { actor: Actor; item: unknown; begun: () => void }
type Answer = () => unknown
type Ask = (asked: Asked) => Promise<Answer>
const refusal =
  (error: unknown): Answer =>
  () => {
    throw error
  }
const answerOf = (out: unknown): Answer => (out instanceof Error ? refusal(out) : () => out)

/**
 * What is to be written in the name of one user in the same turn of the event loop, or while an earlier such transaction is under
 * way, shares one: its cost is that of its statements, far more than that of their rows. Each item still has a fate of its own:
 * where all of it fails, nothing is kept, and each is written alone. `begun` throws for an item that is not wanted any more.
 */
export function writeTogether(
  transact: Transact,
): <Item, Out>(actor: Actor, story: StoryOfMany<Item, Out>, item: Item, begun: () => void) => Promise<Out> {
  // By story; what comes out is what that story's own answers are.
  const known = new Map<unknown, Ask>()

  const make = (story: StoryOfMany<unknown, unknown>): Ask => {
    const write = ({ actor }: Asked, asked: readonly Asked[], lane?: Lane) => {
      const all = async (tx: Tx, commit: Commit) => {
        for (const { begun } of asked) begun()
        const items = asked.map(({ item }) => item)
        return await story.run(tx, actor, items, commit)
      }
      return transact(actor, all, lane)
    }
    const alone = (one: Asked): Promise<Answer> => write(one, [one]).then(([out]) => answerOf(out), refusal)
    const together = async (asked: readonly Asked[], lane: Lane): Promise<Answer[]> => {
      const [first] = asked
      if (!first) return []
      try {
        return (await write(first, asked, lane)).map(answerOf)
      } catch (error) {
        // Whether it was committed may be unknown; written again it could stand there twice.
        if (asked.length === 1 || mayBeKept(error)) return asked.map(() => refusal(error))
        return await Promise.all(asked.map(alone))
      }
    }
    return gathered<Asked, Answer>(
      ({ actor: { groupId, userId, roles }, item }) => JSON.stringify([groupId, userId, roles, story.sharedBy(item)]),
      async (_key, asked, lane) => {
        const firsts = [...Map.groupBy(asked, ({ item }) => story.apartBy(item)).values()].flatMap(([one]) => one ?? [])
        const [shared, others] = await Promise.all([
          together(firsts, lane),
          Promise.all(
            asked.filter((one) => !firsts.includes(one)).map(async (one) => [one, await alone(one)] as const),
          ),
        ])
        const answers = new Map([...firsts.map((one, index) => [one, shared[index]] as const), ...others])
        // SAFETY: each of them is among the first or the other ones.
        return asked.map((one) => answers.get(one) as Answer)
      },
      { maxItems: MOST_AT_ONCE, ahead: true },
    )
  }

  return async <Item, Out>(actor: Actor, story: StoryOfMany<Item, Out>, item: Item, begun: () => void) => {
    // SAFETY: only this story's items are put to it, and only its answers come back.
    const ask = known.get(story) ?? make(story)
    known.set(story, ask)
    const answer = await ask({ actor, item, begun })
    return answer() as Out // SAFETY: see above.
  }
}

import type { PendingQuery } from 'postgres'
import type { Tx } from '../transaction.ts'
import { isFoundByMarks, type ListQuestion, tagsAndWords } from './list-artifacts.ts'

type Found = { ids: string[] | null }
type Ask = (query: (tx: Tx) => PendingQuery<Found[]>) => Promise<readonly Found[]>

/**
 * The question of a page in the order of names with what few have looked for first (2,000 at most), which is the only way to find it
 * soon: the index of that order knows nothing of tags and words. What many have is met soon enough by who goes through all.
 * Where to look is all that is told, so rules and filters are the list's.
 */
export async function amongRarelyMarked(asked: ListQuestion, ask: Ask): Promise<ListQuestion> {
  if (asked.sort !== 'name' || !isFoundByMarks(asked)) return asked
  const [found] = await ask((tx) => tx<Found[]>`select find_rarely_marked(${tagsAndWords(tx, asked)}) as ids`)
  return { ...asked, among: found?.ids ?? undefined }
}

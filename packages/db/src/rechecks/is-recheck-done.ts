import type { Tx } from '../transaction.ts'

export async function isRecheckDone(tx: Tx, id: string): Promise<boolean> {
  const done = await tx`select from rechecks where id = ${id} and state = 'done'`
  return done.count > 0
}

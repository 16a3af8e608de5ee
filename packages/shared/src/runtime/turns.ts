/** What waits, in groups that take turns, so that one with much delays no other. */
export type Turns<T> = {
  size(): number
  add(group: string, item: T): void
  next(): T | undefined
  /** Takes out all that are meant. */
  remove(isMeant: (item: T) => boolean): T[]
}

export function createTurns<T>(): Turns<T> {
  const groups = new Map<string, T[]>() // the next turn is that of the first
  let size = 0

  return {
    size: () => size,
    add(group, item) {
      size += 1
      const waiting = groups.get(group)
      if (waiting) waiting.push(item)
      else groups.set(group, [item])
    },
    next() {
      const [turn] = groups
      if (turn === undefined) return undefined
      const [group, waiting] = turn
      const item = waiting.shift()
      groups.delete(group)
      if (waiting.length > 0) groups.set(group, waiting)
      size -= 1
      return item
    },
    remove(isMeant) {
      const removed: T[] = []
      for (const [group, waiting] of groups) {
        const { meant = [], others = [] } = Object.groupBy(waiting, (item) => (isMeant(item) ? 'meant' : 'others'))
        removed.push(...meant)
        if (others.length > 0) groups.set(group, others)
        else groups.delete(group)
      }
      size -= removed.length
      return removed
    },
  }
}

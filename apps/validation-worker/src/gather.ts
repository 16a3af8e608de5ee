/**
 * Works on items of one key in batches: whatever arrives while one batch is being worked on makes up the next. So an item
 * that comes alone waits for nothing, and under load many share the cost of one.
 * @returns how many `work` did together, if it names the item among them; else 0
 */
export function gather<T>(work: (key: string, items: readonly T[]) => Promise<ReadonlySet<T>>) {
  const open = new Map<string, { items: T[]; done: Promise<ReadonlySet<T>> }>()
  const last = new Map<string, Promise<void>>()

  function openBatch(key: string) {
    const items: T[] = []
    const done = (last.get(key) ?? Promise.resolve()).then(() => {
      open.delete(key) // from here on, who comes makes up the next one
      return work(key, items)
    })
    // A batch that fails takes only its own items with it.
    const over: Promise<void> = done.then(ended, ended).then(() => {
      if (last.get(key) === over) last.delete(key)
    })
    last.set(key, over)
    const batch = { items, done }
    open.set(key, batch)
    return batch
  }

  return async (key: string, item: T): Promise<number> => {
    const batch = open.get(key) ?? openBatch(key)
    batch.items.push(item)
    const done = await batch.done
    return done.has(item) ? done.size : 0
  }
}

const ended = () => {}

/** Does what has the same key one after the other, in the order in which it was asked for. */
export function turnsByKey(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const before = last.get(key)
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    last.set(key, over)
    try {
      await before
      return await work()
    } finally {
      end()
      if (last.get(key) === over) last.delete(key)
    }
  }
}

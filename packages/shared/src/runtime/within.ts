/** Something did not settle in the time it had. */
class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

/** Waits for a promise, but no longer than so many milliseconds; what comes later is ignored. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new TimedOut(`${what} took longer than ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

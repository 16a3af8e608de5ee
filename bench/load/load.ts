/** What a load generator is to do: keep so many connections busy for so long. */
export type Load = {
  url: string
  connections: number
  seconds: number
  headers: Record<string, string>
  requests: Requests
}

export type Requests =
  /** The paths in turn. */
  | { kind: 'get'; paths: readonly string[] }
  /** Submissions, each of a name of its own (or of the given names in turn), with content of about 1 kB. */
  | { kind: 'submit'; type: string; prefix: string; names?: string[] }

/** generate.ts */
export type Generator = (load: Load) => Promise<LoadResult>

export type LoadResult = {
  /** Answers that were as expected, in all. */
  answers: number
  perSecond: number
  seconds: number
  /** When the first request was sent, in milliseconds since the epoch: starting the generator is not the product's time. */
  startedAtMs: number
  p50Ms: number
  p99Ms: number
}

/** Notes that content was read, without a write for each read. */
export type AccessLog = AsyncDisposable & {
  touch(artifactId: string): void
  /** Ids that were read and are not written yet, with the time of the last read: cleanup counts them too. */
  pending(): ReadonlyMap<string, number>
  flush(): Promise<void>
}

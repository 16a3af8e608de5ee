import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a program of the bench does for one message of its parent (see reply.ts). */
export type Program = (input: never) => Promise<unknown>

type Input<P extends Program> = Parameters<P>[0] & object
type Output<P extends Program> = Awaited<ReturnType<P>>

/** A program of the bench in a process of its own, so that what it costs is not paid by what it measures. */
export class Child<P extends Program> implements AsyncDisposable {
  readonly #process: ChildProcess
  #last: Promise<unknown> = Promise.resolve()

  constructor(entry: URL) {
    this.#process = fork(fileURLToPath(entry), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  /** One question after the other. */
  async ask(input: Input<P>): Promise<Output<P>> {
    const answered = this.#last.then(() => this.#answer(input))
    this.#last = answered.catch(() => undefined)
    return await answered
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }

  #answer(input: Input<P>): Promise<Output<P>> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`${this.#process.spawnargs[1] ?? 'a program'} ended before it answered`))
      this.#process.once('exit', ended)
      this.#process.once('message', (message) => {
        this.#process.off('exit', ended)
        // SAFETY: the program answers by reply.ts and by nothing else.
        const reply = message as { output: Output<P> } | { error: string }
        if ('error' in reply) reject(new Error(reply.error))
        else resolve(reply.output)
      })
      this.#process.send(input)
    })
  }
}

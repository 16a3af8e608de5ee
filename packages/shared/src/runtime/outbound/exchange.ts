import type { Dispatcher } from 'undici'

export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }

/** The answer came, and may not be used as a whole. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused'
  readonly reason: 'response_too_large' | 'response_encoded'

  constructor(reason: AnswerRefused['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

export type Exchange = {
  answer: Promise<Answer>
  /** Ends it wherever it is, be it while it waits for a connection: the answer is this error, if there was none before. */
  end(reason: Error): void
}

type Limits = {
  maxBytes: number
  /** Of an answer that is longer, or encoded: its beginning (of an encoded one nothing) is enough. */
  beginningIsEnough: boolean
}

/**
 * Sends a request and keeps the beginning of its answer. By undici's handlers and not by its `request`, whose stream for the
 * body costs as much as all else of a small answer.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { maxBytes, beginningIsEnough }: Limits,
): Exchange {
  const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>()
  const chunks: Buffer[] = []
  let size = 0
  let head: Omit<Answer, 'body'> = { status: 0, headers: {} }
  let controller: Dispatcher.DispatchController | undefined
  let ended: Error | undefined
  const end = (reason: Error) => {
    ended ??= reason
    reject(ended)
    controller?.abort(ended)
  }
  const answered = () => resolve({ ...head, body: Buffer.concat(chunks).subarray(0, maxBytes) })
  /** What is not read to its end takes its connection with it. */
  const cut = (why: AnswerRefused) => {
    if (beginningIsEnough) answered()
    end(why)
  }

  dispatcher.dispatch(request, {
    onRequestStart(begun) {
      controller = begun
      if (ended) begun.abort(ended)
    },
    onResponseStart(_controller, status, headers) {
      if (status < 200) return // on its way
      head = { status, headers }
      if ((headers['content-encoding'] ?? 'identity') !== 'identity')
        cut(new AnswerRefused('response_encoded', 'the answer has a content encoding, although none was accepted'))
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxBytes) cut(new AnswerRefused('response_too_large', `the answer is longer than ${maxBytes} bytes`))
    },
    onResponseEnd: answered,
    onResponseError: (_controller, error) => reject(error),
  })
  return { answer, end }
}

import { connect } from 'node:net'

export type RawAnswer = {
  status: number
  headers: Record<string, string>
  text: string
  ms: number
}

/**
 * Sends bytes as they are over a real connection and reads until the server closes it: what a client library would never
 * send. An answer without a status line has the status 0.
 */
export async function rawRequest(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  const started = performance.now()
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes))
    // The server may close while there is still something to send: what it answered counts.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve() : reject(error),
    )
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('close', () => resolve())
    socket.setTimeout(20_000, () => socket.destroy(new Error('the server neither answered nor closed within 20 s')))
  })
  return { ...parse(Buffer.concat(chunks).toString('utf8')), ms: performance.now() - started }
}

function parse(text: string): Omit<RawAnswer, 'ms'> {
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, Math.max(end, 0)).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const body = end < 0 ? '' : text.slice(end + 4)
  const status = Number(/^HTTP\/1\.1 (\d{3})/u.exec(first)?.[1] ?? 0)
  return { status, headers, text: headers['transfer-encoding'] === 'chunked' ? unchunked(body) : body }
}

function unchunked(body: string): string {
  let rest = body
  let text = ''
  for (;;) {
    const [, size = '0'] = /^([0-9a-f]+)[^\r\n]*\r\n/iu.exec(rest) ?? []
    const length = Number.parseInt(size, 16)
    const start = rest.indexOf('\r\n') + 2
    if (length === 0) return text
    text += rest.slice(start, start + length)
    rest = rest.slice(start + length + 2)
  }
}

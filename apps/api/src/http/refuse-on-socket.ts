import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Problem, type ProblemCode, problem } from '@keepr/shared/problem'
import { refusal } from './refusal.ts'

/** Answers and closes a connection on which there is no response object to do it with. */
export function refuseOnSocket(socket: Duplex, found: Problem): void {
  const { status, headers, body } = refusal(found)
  const lines = Object.entries({ ...headers, ...allowed(found), 'content-length': String(Buffer.byteLength(body)) })
  socket.on('error', () => {}) // whoever sent it may be gone
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
}

const allowed = ({ status }: Problem) => (status === 405 ? { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE' } : {})

const codes: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** What Node's parser refuses is answered as a problem all the same. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  refuseOnSocket(socket, problem(codes[error.code ?? ''] ?? 'malformed-request'))
}

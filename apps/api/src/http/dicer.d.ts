declare module '@fastify/busboy/deps/dicer/lib/Dicer.js' {
  import type { Readable, Writable } from 'node:stream'

  type Part = Omit<Readable, 'on'> & {
    on(event: 'header', listener: (header: Record<string, string[] | undefined>) => void): Part
    on(event: 'data', listener: (chunk: Buffer) => void): Part
    on(event: 'error' | 'end', listener: () => void): Part
  }
  export default class Dicer extends Writable {
    constructor(config: { boundary: string; maxHeaderPairs?: number })
    on(event: 'part', listener: (part: Part) => void): this
    on(event: 'error' | 'finish' | 'drain', listener: () => void): this
  }
}

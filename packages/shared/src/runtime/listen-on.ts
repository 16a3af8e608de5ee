import { once } from 'node:events'
import type { Server } from 'node:http'
import { portOf } from './port-of.ts'
import { OperatorMistake } from './start-or-tell.ts'

class PortRefused extends OperatorMistake {
  override readonly name = 'PortRefused'
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'is only for the superuser',
  EADDRNOTAVAIL: 'is at an address that this host does not have',
  ENOTFOUND: 'is at a name that no address is known for',
  EAI_AGAIN: 'is at a name that could not be looked up',
}

/** Listens. @returns the port, which the system chose if none (0) was asked for @throws OperatorMistake naming `setting` where the port may not be had */
export async function listenOn(
  server: Server,
  { host, port, setting }: { host: string; port: number; setting: string },
): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const why = WHY[code]
    if (why === undefined) throw error
    throw new PortRefused(`${setting}: ${host}:${port} ${why} (${code})`, { cause: error })
  }
  return portOf(server)
}

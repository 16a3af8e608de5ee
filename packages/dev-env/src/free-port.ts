import getPort from 'get-port'

/** A port of 127.0.0.1 that nobody listens on now. */
export const freePort = (): Promise<number> => getPort({ host: '127.0.0.1' })

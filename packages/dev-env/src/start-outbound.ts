type Environment = Readonly<Record<string, string | undefined>>

/** What runs beside `npm start` on this machine. */
const here = '127.0.0.0/8,::1/128'

/** What the services of `npm start` may call: this machine, by http too, and what the environment allows besides. */
export const startOutbound = ({ OUTBOUND_ALLOW_ADDRESSES: given, OUTBOUND_ALLOW_HTTP: http }: Environment) => ({
  OUTBOUND_ALLOW_ADDRESSES: given ? `${here},${given}` : here,
  OUTBOUND_ALLOW_HTTP: http || 'true',
})

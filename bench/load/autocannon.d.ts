/** What the bench uses of autocannon, which brings no types. */
declare module 'autocannon' {
  type Request = { method?: string; path?: string; headers?: Record<string, string>; body?: string | Buffer }
  type Options = {
    url: string
    connections: number
    duration: number
    timeout?: number
    requests: (Request & { setupRequest?: (request: Request) => Request })[]
  }
  type Result = {
    duration: number
    errors: number
    non2xx: number
    '1xx': number
    '2xx': number
    '3xx': number
    '4xx': number
    '5xx': number
    latency: { p50: number; p97_5: number; p99: number; max: number }
    throughput: { average: number }
  }
  export default function autocannon(options: Options): Promise<Result>
}

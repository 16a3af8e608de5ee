import { createLog } from '../../src/runtime/log.ts'
import { openPublisher } from '../../src/runtime/queue.ts'
import { createRedactor } from '../../src/runtime/redactor.ts'
import { expect, test, vi } from 'vitest'

test.each([
  ['REDIS_URL', 'redis://keepr:hunter2@127.0.0.1:1'],
  ['QUEUE_DATABASE_URL', 'postgres://keepr:hunter2@127.0.0.1:1/keepr'],
])(
  '%s that leads nowhere is told of once for all queues, with its address and without its password',
  async (setting, url) => {
    const lines: string[] = []
    const to = { write: (line: string) => void lines.push(line) }
    const log = createLog({ service: 'test', level: 'info', pretty: false, redactor: createRedactor(), to })
    const settings = { redisUrl: setting === 'REDIS_URL' ? url : undefined, queueDatabaseUrl: url }
    await using publisher = openPublisher(settings, { log })
    const queues = Object.values(publisher.queues)
    for (let looks = 0; looks < 3; looks++) {
      await vi.waitFor(
        () =>
          expect(queues.map((queue) => queue.health().reason)).toEqual(
            Array(3).fill(expect.stringContaining('ECONNREFUSED')),
          ),
        { timeout: 10_000 },
      )
      await expect(queues[0]?.counts()).rejects.toThrow('the queue cannot be used')
    }
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'the queue is degraded; the outbox keeps the messages',
        store: `${setting} (127.0.0.1:1)`,
        reason: 'connect ECONNREFUSED 127.0.0.1:1',
      }),
    ])
  },
)

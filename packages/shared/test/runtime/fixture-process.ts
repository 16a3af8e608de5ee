import { pino } from 'pino'
import { endInOrder } from '../../src/runtime/shutdown.ts'

const say = (word: string) => void process.stdout.write(`${word}\n`)
const slow = process.argv[2] === 'stuck'

endInOrder({
  log: pino({ level: 'silent' }),
  graceMs: slow ? 200 : 2000,
  closers: [
    ['server', async () => say('server closed')],
    ['worker', () => (slow ? new Promise(() => {}) : Promise.resolve(say('worker closed')))],
    ['database', () => say('database closed')],
  ],
})
setInterval(() => {}, 1000)
if (process.argv[2] === 'throw')
  setImmediate(() => {
    throw new Error('nobody catches this')
  })
say('ready')

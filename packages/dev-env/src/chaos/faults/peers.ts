import { setTimeout as pause } from 'node:timers/promises'
import { FAILURES } from '../../sample-checkr/failures.ts'
import { SUBSCRIBER_FAILURES } from '../subscriber.ts'
import type { Fault } from './fault.ts'

/** Slow ones, and ones that send the worker away for minutes, last short and come seldom. */
const CHECKR_MODES = [...Object.keys(FAILURES), 'flapping', 'later']

/** The validator and a subscriber fail in every way that they know. */
export const peerFaults: readonly Fault[] = [
  ...CHECKR_MODES.map((mode): Fault => ({
    name: `Checkr: ${mode}`,
    victim: 'checkr',
    weight: 0.7,
    strike: async ({ checkr }, random) => {
      checkr.fail(mode)
      await pause(random.between(1000, 5000))
      checkr.fail('')
    },
  })),
  {
    name: 'Checkr: down',
    victim: 'checkr',
    weight: 2,
    strike: async ({ checkr }, random) => {
      await checkr.down()
      await pause(random.between(500, 6000))
      await checkr.up()
    },
  },
  ...SUBSCRIBER_FAILURES.map((mode): Fault => ({
    name: `subscriber: ${mode}`,
    victim: 'subscriber',
    weight: 1,
    strike: async ({ flaky }, random) => {
      flaky.behave(mode)
      await pause(random.between(1000, 5000))
      flaky.behave('well')
    },
  })),
  {
    name: 'subscriber: down',
    victim: 'subscriber',
    weight: 1.5,
    strike: async ({ flaky }, random) => {
      await flaky.down()
      await pause(random.between(500, 5000))
      await flaky.up()
    },
  },
]

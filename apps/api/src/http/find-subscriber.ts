import { problem } from '@keepr/shared/problem'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { Call } from './api.ts'
import { requireGroupRight } from './require-group-right.ts'
import { param } from './route.ts'

/** The configured subscriber of the path, for an operator. */
export function findSubscriber(c: Call): SubscriberConfig {
  requireGroupRight(c, 'manage_subscribers')
  const name = param(c, 'subscriber')
  const found = c
    .get('ctx')
    .subscribers()
    .find((subscriber) => subscriber.name === name)
  if (!found) throw problem('not-found')
  return found
}

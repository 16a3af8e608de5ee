import { Port } from '@keepr/shared/runtime/settings/setting-types'
import { InvalidArgumentError } from 'commander'
import * as v from 'valibot'

/** The port that a command line names; 0 asks for a free one. */
export function portArgument(text: string): number {
  const port = v.safeParse(Port, text)
  if (!port.success) throw new InvalidArgumentError(`Expected ${port.issues[0].message}.`)
  return port.output
}

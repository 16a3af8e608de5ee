import { eventsAreAnnounced } from './announcements.ts'
import { contentIsWhole } from './content.ts'
import { eventsTellTheState } from './events.ts'
import type { Evidence, Finding } from './invariant.ts'
import { nothingIsLeft } from './leftovers.ts'
import { readsWerePublished } from './reads.ts'
import { runsEnd } from './runs.ts'
import { versionsAreKept } from './versions.ts'

/** All that must hold after everything was broken, in the order of what matters most. */
export async function checkInvariants(evidence: Evidence): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const invariant of [
    versionsAreKept,
    readsWerePublished,
    contentIsWhole,
    runsEnd,
    eventsTellTheState,
    eventsAreAnnounced,
    nothingIsLeft,
  ])
    findings.push(...(await invariant(evidence)))
  return findings
}

import { finding, type Invariant } from './invariant.ts'

type Row = { id: string; group_id: string; type: string; name: string; version: string; content_hash: string }

/** What was acknowledged is there as it was sent; what was never sent is not; no version was given away twice. */
export const versionsAreKept: Invariant = async ({ admin, history }) => {
  const ledger = await admin<Row[]>`
    select artifact_id as id, group_id, type, name, version, content_hash from artifact_versions`
  const rows = new Map(ledger.map((row) => [row.id, row]))
  const lost: string[] = []
  for (const { id, group, type, name, version } of history.acked) {
    const row = rows.get(id)
    const where = `${group}/${type}/${name}@${version} (${id})`
    if (row === undefined) {
      if (!history.discarded.has(id) && !history.perhapsDiscarded.has(id))
        lost.push(`${where} was accepted and is gone`)
    } else if (history.discarded.has(id)) lost.push(`${where} was discarded and is there`)
    else if (row.group_id !== group || row.type !== type || row.name !== name || row.version !== version)
      lost.push(`${where} is stored as ${row.group_id}/${row.type}/${row.name}@${row.version}`)
    else if (!history.hashes.get(id)?.has(row.content_hash)) lost.push(`${where} has other content`)
  }
  const phantoms = ledger.filter(({ content_hash }) => !history.sent.has(content_hash))
  const reused = await admin<{ place: string }[]>`
    select group_id || '/' || type || '/' || name || '@' || version as place
      from artifact_events where event_type = 'submitted'
     group by group_id, type, name, version having count(distinct artifact_id) > 1`
  return [
    finding('every accepted version is there, with its content', history.acked.length, lost),
    finding(
      'nothing is there that nobody sent',
      ledger.length,
      phantoms.map(({ id }) => `artifact ${id}`),
    ),
    finding(
      'no version was used twice',
      ledger.length,
      reused.map(({ place }) => place),
    ),
  ]
}

export type Scraped = {
  kind: string
  /** The values seen of each label. */
  labels: Map<string, Set<string>>
  services: Set<string>
}

/** Reads Prometheus' text format of several services into one table: what there is to ask for. */
export function scrapedMetrics(texts: readonly string[]): Map<string, Scraped> {
  const metrics = new Map<string, Scraped>()
  for (const text of texts) {
    for (const [, name = '', kind = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gmu))
      if (!metrics.has(name)) metrics.set(name, { kind, labels: new Map(), services: new Set() })
    for (const [, series = '', labels = ''] of text.matchAll(/^([a-z_0-9]+)\{(.*)\} \S+$/gmu)) {
      const base = series.replace(/_(bucket|sum|count)$/u, '')
      const found = metrics.get(series) ?? metrics.get(base)
      if (found === undefined) throw new Error(`${series} has no type`)
      for (const [, label = '', value = ''] of labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/gu)) {
        if (label === 'service') found.services.add(value)
        const values = found.labels.get(label) ?? new Set()
        found.labels.set(label, values.add(value))
      }
    }
  }
  return metrics
}

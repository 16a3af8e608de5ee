import type { Secrets } from '@keepr/shared/runtime/secrets/secrets'

export type Filled = {
  url: string
  headers: Record<string, string>
  /** Puts the placeholders back where a value stands: what is stored can be filled in again and tells nothing. */
  mask: (text: string) => string
}

const PLACE = /\{\{([A-Z][A-Z0-9_]*)\}\}/gu

/** Fills secrets into a URL and headers, as they are at this moment. */
export async function fillIn(
  secrets: Pick<Secrets, 'resolve'>,
  templates: { url: string; headers: Record<string, string> },
): Promise<Filled> {
  const names = new Set([templates.url, ...Object.values(templates.headers)].flatMap(namesIn))
  const values = new Map<string, string>()
  for (const name of names) values.set(name, await secrets.resolve(`{{${name}}}`))
  const fill = (text: string) => text.replace(PLACE, (place, name: string) => values.get(name) ?? place)
  return {
    url: fill(templates.url),
    headers: Object.fromEntries(Object.entries(templates.headers).map(([name, value]) => [name, fill(value)])),
    mask: (text) => {
      let rest = text
      for (const [name, value] of values) {
        for (const form of [value, encodeURIComponent(value.toWellFormed())])
          if (form !== '') rest = rest.replaceAll(form, `{{${name}}}`)
      }
      return rest
    },
  }
}

const namesIn = (template: string): string[] => [...template.matchAll(PLACE)].map(([, name = '']) => name)

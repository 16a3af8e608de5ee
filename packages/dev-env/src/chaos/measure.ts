import type postgres from 'postgres'
import { type Product, type Service, SERVICES } from './product.ts'

/** What the product holds at a moment. */
export type Measured = {
  services: Record<Service, { rssBytes: number; descriptors: number } | undefined>
  /** To PostgreSQL, of all services. */
  connections: number
}

/** Measures each service's memory and descriptors, and the connections to PostgreSQL. */
export async function measure(product: Product, admin: postgres.Sql): Promise<Measured> {
  const [row] = await admin<{ connections: number }[]>`
    select count(*)::int as connections from pg_stat_activity where application_name like 'keepr-%'`
  return { services: product.resources(), connections: row?.connections ?? 0 }
}

const MIB = 1024 * 1024

/** One line for people. */
export const describeMeasured = ({ services, connections }: Measured): string =>
  [
    ...SERVICES.map((name) => {
      const held = services[name]
      return held
        ? `${name} ${Math.round(held.rssBytes / MIB)} MiB, ${held.descriptors} descriptors`
        : `${name} is not running`
    }),
    `${connections} connections`,
  ].join('; ')

/**
 * A URL of PostgreSQL for the driver `pg`, which takes `sslmode=require` for `verify-full`: with what is added it means
 * what it means to libpq and to the services' own driver, encrypted and not verified.
 */
export const urlForPg = (url: string): string =>
  /[?&]sslmode=(prefer|require)(&|$)/.test(url) ? `${url}&uselibpqcompat=true` : url

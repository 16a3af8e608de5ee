/** A text that may be stored and shown: PostgreSQL takes no U+0000, JSON no half characters, logs no line breaks. */
export const sanitize = (text: string, maxLength = 500): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  text
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f]+/gu, ' ')
    .slice(0, maxLength)
    .toWellFormed()

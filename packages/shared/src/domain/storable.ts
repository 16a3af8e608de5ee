const MOST_CHARACTERS = 500

/** The beginning of a text that others made, as it can be stored: PostgreSQL takes neither U+0000 nor half a character. */
export const storable = (text: string): string => text.replaceAll('\u0000', '').slice(0, MOST_CHARACTERS).toWellFormed()

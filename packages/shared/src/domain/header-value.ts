/** What can be sent in a header: no line break, and no character beyond those of Latin-1. */
export const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/u

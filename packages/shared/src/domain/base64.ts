/**
 * Whether a text is base64 as RFC 4648, section 4, has it: padded, and nothing in it that is not of the alphabet. The length of
 * the text costs no stack, as it does with a pattern that repeats a group.
 */
export const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/u.test(text)

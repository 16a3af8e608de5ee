/** The most that can be kept as one content: PostgreSQL takes less than 1 GiB in one message, and Node 512 MiB as one text. */
export const MAX_CONTENT_BYTES = 512 * 2 ** 20

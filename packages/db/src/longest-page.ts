/** The most items of a page, in every list. A query reads one more, which tells whether there is another page. */
export const LONGEST_PAGE = 200
/** Items of a page beyond these bytes come with the next one: metadata may have 64 kB, and a page is in memory several times over. */
export const LARGEST_PAGE_BYTES = 1024 * 1024

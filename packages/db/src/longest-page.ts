/** The most items of a page, in every list. A query reads one more, which tells whether there is another page. */
export const LONGEST_PAGE = 200

/** Where the queue dashboard is served. Apart from it, so that knowing the path loads nothing of it. */
export const QUEUES_PATH = '/queues'

import type { Route } from '../http/route.ts'
import { getHealth } from './system/get-health.ts'
import { getMetrics } from './system/get-metrics.ts'
import { getReadiness } from './system/get-readiness.ts'
import { listTypes } from './system/list-types.ts'

/** The table of contents of the API, in the order of its guide. */
export const routes: readonly Route[] = [listTypes, getHealth, getReadiness, getMetrics]

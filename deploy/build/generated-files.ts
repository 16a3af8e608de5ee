import { chartFiles } from '../helm/chart-files.ts'
import { configurationPage } from './configuration-page.ts'

/** Files that are made from others and committed, by path. */
export const generatedFiles = (): Record<string, string> => ({
  'docs/configuration.md': configurationPage(),
  ...chartFiles(),
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { chartFiles } from './chart-files.ts'

// npm run chart:files
for (const [path, text] of Object.entries(chartFiles())) writeFileSync(join(root, path), text)

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { generatedFiles } from './generated-files.ts'

// npm run generated
for (const [path, text] of Object.entries(generatedFiles())) writeFileSync(join(root, path), text)

import { fileURLToPath } from 'node:url'
import { bundleImages } from './bundle-images.ts'

await bundleImages(fileURLToPath(new URL('../../dist/services', import.meta.url)))

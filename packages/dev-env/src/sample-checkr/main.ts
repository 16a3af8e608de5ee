import { Command, Option } from 'commander'
import { messageOf } from '../message-of.ts'
import { startSampleCheckr } from './server.ts'

const { port, token } = new Command('npm run checkr --')
  .description(
    'Runs the sample validator alone, on 127.0.0.1: POST /python-lint (bearer token), /sast-check and\n/schema-lint.\n' +
      '?mode=… makes it answer later or fail in one of many ways: see packages/dev-env/src/sample-checkr/failures.ts.',
  )
  .addOption(new Option('--port <number>', 'where it listens').default(8090).argParser(Number))
  .addOption(
    new Option('--token <text>', 'what /python-lint expects').env('PYTHON_VALIDATOR_TOKEN').default('development'),
  )
  .parse()
  .opts<{ port: number; token: string }>()

try {
  const checkr = await startSampleCheckr({ port, token })
  console.log(`The sample Checkr listens on http://127.0.0.1:${checkr.port}`)
} catch (error) {
  console.error(`The sample Checkr did not start: ${messageOf(error)}`)
  process.exit(1)
}

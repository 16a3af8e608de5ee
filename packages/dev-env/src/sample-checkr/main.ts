import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { endOnSignal } from '../end-on-signal.ts'
import { messageOf } from '../message-of.ts'
import { portArgument } from '../port-argument.ts'
import { startSampleCheckr } from './server.ts'

const { host, port, token, tokenFile } = new Command('npm run checkr --')
  .description(
    'Runs the sample validator alone: POST /python-lint (bearer token), /sast-check and\n/schema-lint.\n' +
      '?mode=… makes it answer later or fail in one of many ways: see packages/dev-env/src/sample-checkr/failures.ts.',
  )
  .addOption(new Option('--host <address>', 'the address to bind to').env('HOST').default('127.0.0.1'))
  .addOption(new Option('--port <number>', 'where it listens').default(8090).argParser(portArgument))
  .addOption(
    new Option('--token <text>', 'what /python-lint expects').env('PYTHON_VALIDATOR_TOKEN').default('development'),
  )
  .option('--token-file <path>', 'a file with that token, instead')
  .parse()
  .opts<{ host: string; port: number; token: string; tokenFile?: string }>()

try {
  const checkr = await startSampleCheckr({
    host,
    port,
    token: tokenFile === undefined ? token : readFileSync(tokenFile, 'utf8').trim(),
  })
  endOnSignal(checkr)
  console.log(`The sample Checkr listens on http://${host}:${checkr.port}`)
} catch (error) {
  console.error(`The sample Checkr did not start: ${messageOf(error)}`)
  process.exit(1)
}

import { readFileSync } from 'node:fs'
import { SIGNING_SECRET, signingKey } from '@keepr/shared/domain/signing-key'
import { Command, Option } from 'commander'
import { endOnSignal } from './end-on-signal.ts'
import { messageOf } from './message-of.ts'
import { portArgument } from './port-argument.ts'
import { startWebhookReceiver } from './webhook-receiver.ts'

const { host, port, secret, secretFile } = new Command('npm run webhook:listen --')
  .description(
    'Receives webhooks, verifies their signatures and prints one line for each. Answers 204, or 401 to what does not verify.',
  )
  .addOption(new Option('--host <address>', 'the address to bind to').env('HOST').default('127.0.0.1'))
  .addOption(new Option('--port <number>', 'where it listens').default(8091).argParser(portArgument))
  .option('--secret <secret...>', 'the secret (whsec_…) of the subscriber; several during a rotation', [])
  .option('--secret-file <path>', 'a file with a secret')
  .parse()
  .opts<{ host: string; port: number; secret: string[]; secretFile?: string }>()

try {
  const secrets = secretFile === undefined ? secret : [...secret, readFileSync(secretFile, 'utf8').trim()]
  if (secrets.length === 0) throw new Error('nothing can be verified without --secret or --secret-file')
  for (const [index, one] of secrets.entries()) {
    const which = secrets.length === 1 ? 'the secret' : `secret ${index + 1} of ${secrets.length}`
    if (signingKey(one) === undefined) throw new Error(`${which} is not ${SIGNING_SECRET}`)
  }
  const receiver = await startWebhookReceiver({ host, port, secrets, print: console.log })
  endOnSignal(receiver)
  console.log(`Webhooks are received at http://${host}:${receiver.port}/`)
} catch (error) {
  console.error(`The receiver did not start: ${messageOf(error)}`)
  process.exit(1)
}

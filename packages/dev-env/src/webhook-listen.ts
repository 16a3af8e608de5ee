import { Command, Option } from 'commander'
import { messageOf } from './message-of.ts'
import { startWebhookReceiver } from './webhook-receiver.ts'

const { port, secret } = new Command('npm run webhook:listen --')
  .description('Receives webhooks on 127.0.0.1, verifies their signatures and prints one line for each.')
  .addOption(new Option('--port <number>', 'where it listens').default(8091).argParser(Number))
  .option('--secret <whsec_…...>', 'the secret; several during a rotation', [])
  .parse()
  .opts<{ port: number; secret: string[] }>()

try {
  const receiver = await startWebhookReceiver({ port, secrets: secret, print: console.log })
  console.log(`Webhooks are received at http://127.0.0.1:${receiver.port}/`)
} catch (error) {
  console.error(`The receiver did not start: ${messageOf(error)}`)
  process.exit(1)
}

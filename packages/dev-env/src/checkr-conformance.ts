import { readFile } from 'node:fs/promises'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { Command, Option } from 'commander'
import { checkConformance } from './checkr-conformance/check-conformance.ts'

const command = new Command('npm run checkr:conformance --')
  .description(
    'Calls a validator of yours as the validation worker would, and reports whether it keeps the Checkr contract.\n' +
      'Exits with 1 if it does not.',
  )
  .argument('<url>', 'where it is called')
  .addOption(new Option('--method <method>').choices(['POST', 'PUT']).default('POST'))
  .option('--header <header...>', 'a header to send, as "Name: value"', [])
  .option('--type <type>', 'the type of artifact that it validates', 'conformance')
  .addOption(new Option('--kind <kind>', 'what its content is').choices(['json', 'text', 'binary']).default('json'))
  .option('--file <file>', 'content to send; an example of ours if left out')
  .option('--timeout <seconds>', 'how long one call may take', '30')
  .parse()

type Options = {
  method: 'POST' | 'PUT'
  header: string[]
  type: string
  kind: 'json' | 'text' | 'binary'
  file?: string
  timeout: string
}
const options = command.opts<Options>()
// Whoever runs this names the address by hand: none is refused.
await using outbound = createOutbound({ outboundAllowAddresses: ['0.0.0.0/0', '::/0'], outboundAllowHttp: true })
const results = await checkConformance(outbound, {
  url: command.args[0] ?? '',
  method: options.method,
  headers: Object.fromEntries(options.header.map(headerOf)),
  type: options.type,
  kind: options.kind,
  content: options.file === undefined ? undefined : await readFile(options.file),
  timeoutMs: Number(options.timeout) * 1000,
})
const signs = { kept: 'ok    ', broken: 'BROKEN', advice: 'advice' }
for (const { verdict, rule, detail } of results)
  console.log(`${signs[verdict]}  ${rule}${detail === undefined ? '' : `\n        ${detail}`}`)
const broken = results.filter(({ verdict }) => verdict === 'broken').length
console.log(
  broken === 0 ? '\nThe validator keeps the contract.' : `\nThe validator breaks ${broken} of ${results.length} rules.`,
)
process.exitCode = broken === 0 ? 0 : 1

function headerOf(text: string): [string, string] {
  const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(text) ?? []
  return [name.toLowerCase(), value]
}

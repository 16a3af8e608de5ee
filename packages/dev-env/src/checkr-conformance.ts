import { readFile } from 'node:fs/promises'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { Command, InvalidArgumentError, Option } from 'commander'
import { checkConformance } from './checkr-conformance/check-conformance.ts'
import { messageOf } from './message-of.ts'
import { misuseExitsWith2 } from './misuse-exits-with-2.ts'

type Header = [name: string, value: string]

const seconds = (text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('Write a number of seconds, such as 30 or 0.5.')
  return value
}
const header = (text: string, given: Header[]): Header[] => {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write it as "Name: value".')
  return [...given, [name.toLowerCase(), value]]
}

const command = new Command('npm run checkr:conformance --')
  .description(
    'Calls a validator of yours as the validation worker would, and reports whether it keeps the Checkr contract.\n' +
      'Exits with 1 if it does not, with 2 when it could not be asked.',
  )
  .exitOverride(misuseExitsWith2)
  .argument('<url>', 'where it is called')
  .addOption(new Option('--method <method>').choices(['POST', 'PUT']).default('POST'))
  .option('--header <header...>', 'a header to send, as "Name: value"', header, [])
  .option('--type <type>', 'the type of artifact that it validates', 'conformance')
  .addOption(new Option('--kind <kind>', 'what its content is').choices(['json', 'text', 'binary']).default('json'))
  .option('--file <file>', 'content to send; an example of ours if left out')
  .option('--timeout <seconds>', 'how long one call may take', seconds, 30)
  .parse()

type Options = {
  method: 'POST' | 'PUT'
  header: Header[]
  type: string
  kind: 'json' | 'text' | 'binary'
  file?: string
  timeout: number
}
const options = command.opts<Options>()
const url = command.args[0] ?? ''
try {
  if (!/^https?:\/\//iu.test(url) || !URL.canParse(url)) throw new Error(`${url} is no URL with http:// or https://`)
  const content = options.file === undefined ? undefined : await readFile(options.file)
  // Whoever runs this names the address by hand: none is refused.
  await using outbound = createOutbound({ outboundAllowAddresses: ['0.0.0.0/0', '::/0'], outboundAllowHttp: true })
  const results = await checkConformance(outbound, {
    url,
    method: options.method,
    headers: Object.fromEntries(options.header),
    type: options.type,
    kind: options.kind,
    content,
    timeoutMs: options.timeout * 1000,
  })
  const signs = { kept: 'ok    ', broken: 'BROKEN', advice: 'advice' }
  for (const { verdict, rule, detail } of results)
    console.log(`${signs[verdict]}  ${rule}${detail === undefined ? '' : `\n        ${detail}`}`)
  const broken = results.filter(({ verdict }) => verdict === 'broken').length
  console.log(
    broken === 0
      ? '\nThe validator keeps the contract.'
      : `\nThe validator breaks ${broken} of ${results.length} rules.`,
  )
  process.exitCode = broken === 0 ? 0 : 1
} catch (error) {
  console.error(`The validator could not be asked: ${messageOf(error)}`)
  process.exitCode = 2
}

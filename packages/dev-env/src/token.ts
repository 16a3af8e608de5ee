import { readSettings } from '@keepr/shared/runtime/settings'
import { ROLES } from '@keepr/shared/domain/role'
import { Command, Option } from 'commander'
import { dataDirOf } from './data-dir.ts'
import { developmentSecrets } from './development-secrets.ts'
import { developmentToken } from './development-token.ts'

await new Command('npm run token --')
  .description('Prints a development token, as its last line, that the API of npm start accepts.')
  .option('--group <id>', 'group_id', 'acme')
  .option('--user <id>', 'user_id', 'alice')
  .addOption(new Option('--role <role...>', 'one or more roles').choices(ROLES).default(['author']))
  .option('--expires <time>', 'how long it holds, such as 1h or 7d', '12h')
  .action(async (options: { group: string; user: string; role: string[]; expires: string }) => {
    const dataDir = dataDirOf(readSettings(process.env, ['KEEPR_DATA_DIR']).keeprDataDir)
    const secret = process.env['JWT_SECRET'] || developmentSecrets(dataDir).jwt
    console.log(await developmentToken({ ...options, roles: options.role, secret }))
  })
  .parseAsync()

import { readSettings } from '@keepr/shared/runtime/settings'
import { ROLES } from '@keepr/shared/domain/role'
import { Command, InvalidArgumentError, Option } from 'commander'
import { dataDirOf } from './data-dir.ts'
import { developmentSecrets } from './development-secrets.ts'
import { developmentToken } from './development-token.ts'
import { messageOf } from './message-of.ts'
import { isTaken } from './run-file.ts'

const lifetime = (text: string) => {
  if (!/^[1-9]\d{0,5}[smhd]$/u.test(text)) throw new InvalidArgumentError('a time such as 30m, 12h or 7d is expected.')
  return text
}

await new Command('npm run token --')
  .description('Prints a development token, as its last line, that the API of npm start accepts.')
  .option('--group <id>', 'group_id', 'acme')
  .option('--user <id>', 'user_id', 'alice')
  .addOption(new Option('--role <role...>', 'one or more roles').choices(ROLES).default(['author']))
  .option('--expires <time>', 'how long it holds, such as 1h or 7d', lifetime, '12h')
  .action(async (options: { group: string; user: string; role: string[]; expires: string }) => {
    const { keeprDataDir, jwtSecret } = readSettings(process.env, ['KEEPR_DATA_DIR', 'JWT_SECRET'])
    const dataDir = dataDirOf(keeprDataDir)
    if (jwtSecret === undefined && !isTaken(dataDir))
      console.error(`No Keepr runs on ${dataDir} now: the token is for one that is started there (KEEPR_DATA_DIR).`)
    const secret = jwtSecret ?? developmentSecrets(dataDir).jwt
    console.log(await developmentToken({ ...options, roles: options.role, secret }))
  })
  .parseAsync()
  .catch((error: unknown) => {
    console.error(`No token was made: ${messageOf(error)}`)
    process.exit(1)
  })

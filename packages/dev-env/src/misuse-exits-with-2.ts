import type { CommanderError } from 'commander'

/** For commands whose exit code 1 is a finding: a wrong option finds nothing, it could not look. Commander's own code is 1. */
export const misuseExitsWith2 = ({ exitCode }: CommanderError): never => process.exit(exitCode === 0 ? 0 : 2)

import { Child, type Program } from './child.ts'

/** One question to a program that is started for it alone. */
export async function askOnce<P extends Program>(
  entry: URL,
  input: Parameters<P>[0] & object,
): Promise<Awaited<ReturnType<P>>> {
  await using child = new Child<P>(entry)
  return await child.ask(input)
}

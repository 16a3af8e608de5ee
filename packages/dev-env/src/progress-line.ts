/** One line that is written over on a terminal, and lines of its own where the output goes elsewhere, at most one a second. */
export function progressLine(wanted: boolean) {
  const terminal = process.stderr.isTTY
  let last = 0
  const clear = () => void (wanted && terminal && process.stderr.write('\r\u001B[K'))
  return {
    say: (text: string) => void (wanted && process.stderr.write(`${text}\n`)),
    show(text: string) {
      if (!wanted || performance.now() - last < (terminal ? 100 : 1000)) return
      last = performance.now()
      process.stderr.write(terminal ? `\r\u001B[K  ${text}` : `  ${text}\n`)
    },
    clear,
  }
}

import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line of counts, for people and for whatever reads the output. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>): void {
    // An error outside every test fails the run as well.
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) {
        const { state } = test.result()
        if (state !== 'pending') count[state]++
      }
      // A file that fails before its first test is a failure too.
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) count.failed++
    }
    // After vitest's own summary.
    process.once('exit', () => {
      if (count.skipped > 0) console.log(`${count.skipped} skipped`)
      console.log(`${count.passed} passed, ${count.failed} failed`)
    })
  }
}

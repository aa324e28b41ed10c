// Vitest's reporter for scripts/test.mjs: writes what its last lines need, as JSON, to the file PARLEY_TEST_REPORT.
import { writeFileSync } from 'node:fs'

const FIRST_LINE_MAX_CHARS = 300

export default class TestCounter {
  /** @param {Iterable<import('vitest/node').TestModule>} modules */
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0 }
    const skipped = []
    const repeated = []
    for (const module of modules) {
      let broken = false
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        const name = `${module.relativeModuleId}: ${test.fullName}`
        if (state in counts) counts[state]++
        if (state === 'skipped') skipped.push(name)
        broken ||= state === 'failed'
        // It failed, and passed when it was run again.
        if (test.diagnostic()?.flaky === true)
          repeated.push({ test: name, first: firstLine(errors?.[0]?.message) })
      }
      // A file that could not be loaded, or whose preparation failed, has no failed test to count, and is no success.
      if (!broken && module.state() === 'failed') counts.failed++
    }
    writeFileSync(process.env.PARLEY_TEST_REPORT, JSON.stringify({ ...counts, skipped, repeated }))
  }
}

function firstLine(message = '') {
  return message.trim().split('\n', 1)[0].slice(0, FIRST_LINE_MAX_CHARS)
}

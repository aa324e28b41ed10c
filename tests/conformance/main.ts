import { type Agents, createAgents, createHttp } from './lib/http.ts'
import { type Failure, type Report, runAll } from './lib/runner.ts'
import { type Options, readOptions, type Target, USAGE } from './lib/target.ts'
import { createTrace } from './lib/trace.ts'
import { TOPICS } from './topics.ts'

async function main(): Promise<number> {
  let options: Options
  try {
    options = readOptions(process.argv.slice(2), process.env)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return 2
  }
  const agents = createAgents()
  const unreachable = await reach(options.target, agents)
  if (unreachable !== undefined) {
    console.error(`${options.target.base.origin} does not answer: ${unreachable}`)
    return 2
  }
  console.log(`Conformance of ${options.target.base.origin} with protocol version 1, seed ${options.seed}`)
  const result = await runAll(TOPICS, options, agents, createReport(options.verbose))
  agents.close()
  if (result.leftForLong > 0)
    console.log(`${result.leftForLong} cases need more than a minute and run with --long only`)
  console.log(`${result.passed} passed, ${result.failures.length} failed in ${result.seconds.toFixed(1)} s`)
  if (result.passed + result.failures.length === 0) {
    console.error('No case was chosen: a run that checks nothing does not count as passed.')
    return 2
  }
  return result.failures.length === 0 ? 0 : 1
}

/** Why nothing answers at the target, `undefined` when something does, whatever it says. */
async function reach(target: Target, agents: Agents): Promise<string | undefined> {
  try {
    await createHttp(target, agents, createTrace()).call({ method: 'GET', path: '/healthz', retry: false })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function createReport(isVerbose: boolean): Report {
  return {
    passed(topic, one, ms) {
      if (isVerbose) console.log(`ok    ${topic}: ${one.name} (${Math.round(ms)} ms)`)
    },
    failed(failure, ms) {
      console.log(`FAIL  ${failure.topic}: ${failure.broken.name} (${Math.round(ms)} ms)`)
      for (const line of explain(failure)) console.log(`      ${line}`)
    },
  }
}

function explain({ broken, reason, exchanges }: Failure): string[] {
  return [
    `the contract: ${broken.sentence}`,
    `what happened: ${reason}`,
    'sent (→) and received (←), newest last:',
    ...exchanges,
  ]
}

process.exitCode = await main()
// Sockets of cases that timed out must not keep the process.
setTimeout(() => process.exit(), 2_000).unref()

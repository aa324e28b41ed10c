import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ARMS, type Arm, type CallsResults, type CallsSpec } from '../lib/calls-arms.ts'
import { reportCalls } from '../lib/calls-report.ts'
import { REPOSITORY } from '../lib/results.ts'
import { stopProcess } from '../lib/servers.ts'
import type { BenchContext, Workload, WorkloadReport } from '../lib/workload.ts'

/**
 * Calls as people feel them, in real Chromium with made-up devices: from the click to the first frame, back after a
 * change of the network, through a narrow link; and what they cost the servers. In a network of its own, because links
 * are cut and narrowed; that takes root, `unshare`, `nsenter`, `ip` and `tc`.
 */

export const workload: Workload = {
  title: 'calls: click to first frame, recovery, bitrate adaptation, cost',
  defaults: {
    rounds: 15,
    'change-rounds': 5,
    'outage-seconds': 10,
    'limit-rounds': 3,
    'limit-kbits': 300,
    'settle-seconds': 20,
    'limit-seconds': 15,
    'after-seconds': 40,
    'cost-rounds': 3,
    'cost-seconds': 15,
  },
  pinned: false,
  packages: ['playwright-core'],
  run,
}

const PROCESS = fileURLToPath(new URL('../lib/calls-process.ts', import.meta.url))

async function run(context: BenchContext): Promise<WorkloadReport> {
  const unknown = context.only.filter((name) => !ARMS.some((arm) => arm === name))
  if (unknown.length > 0) throw new Error(`--only takes ${ARMS.join(', ')}, not ${unknown.join(', ')}`)
  if (process.getuid?.() !== 0) throw new Error('a network of its own takes root')
  const arms = ARMS.filter((arm: Arm) => context.only.length === 0 || context.only.includes(arm))
  const results = await measureInLab(context, { arms, options: context.options })
  return { results, markdown: reportCalls(results) }
}

async function measureInLab(context: BenchContext, spec: CallsSpec): Promise<CallsResults> {
  const child = spawn('unshare', ['--net', process.execPath, PROCESS, JSON.stringify(spec)], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  context.own(() => stopProcess(child))
  let results: CallsResults | undefined
  child.on('message', (message) => {
    results = message as CallsResults
  })
  const [code, signal] = await once(child, 'exit')
  if (results === undefined) throw new Error(`the measuring process ended (${signal ?? code})`)
  return results
}

import { type CallsResults, type CallsSpec, measureArms } from './calls-arms.ts'
import { openStage } from './calls-stage.ts'

/** All arms of `calls`, in a process that has its network for itself. Tells its parent the results, and ends. */

async function main(spec: CallsSpec): Promise<void> {
  const stops: (() => Promise<unknown>)[] = []
  let stopping: Promise<void> | undefined
  // One at a time, the last one first, also when a signal and the end of the work meet.
  const stopAll = () => {
    stopping ??= (async () => {
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop()
    })()
    return stopping
  }
  const abort = () => void stopAll().finally(() => process.exit(130))
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  process.once('disconnect', abort)
  try {
    const stage = await openStage((stop) => stops.push(stop))
    const results: CallsResults = await measureArms(spec, stage, (line) => console.log(line))
    process.send?.(results)
  } finally {
    await stopAll()
    process.off('disconnect', abort)
  }
  process.disconnect?.()
}

await main(JSON.parse(process.argv[2] ?? '{}') as CallsSpec)

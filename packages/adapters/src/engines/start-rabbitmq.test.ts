import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { silentLog } from '@parley/contracts'
import { expect, it, onTestFinished } from 'vitest'
import { startRabbitMq } from './start-rabbitmq.ts'

const temporary = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'parley-rabbitmq-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('has the same address with the same directory and port, and tells only of an end that nobody asked for', async () => {
  const directory = await temporary()
  const first = await startRabbitMq({ directory, log: silentLog })
  const told: string[] = []
  void first.ended.then((how) => told.push(how))
  await first.stop()
  await first.stop()
  expect(isRunning(first.pid)).toBe(false)
  expect(told).toEqual([])

  const second = await startRabbitMq({ directory, port: first.port, log: silentLog })
  onTestFinished(() => second.stop())
  expect(second.url).toBe(first.url)
  // Its password and what it keeps are nobody else's to read.
  expect((await stat(directory)).mode & 0o077).toBe(0)
  process.kill(second.pid, 'SIGKILL')
  expect(await second.ended).toBe('RabbitMQ ended (SIGKILL)')
})

it('ends with the process that started it, even when that is killed while RabbitMQ is frozen', async () => {
  const program = `
    import { startRabbitMq } from ${JSON.stringify(join(import.meta.dirname, 'start-rabbitmq.ts'))}
    const say = () => {}
    const engine = await startRabbitMq({ directory: process.argv[1], log: { debug: say, info: say, warn: say, error: say } })
    console.log(engine.pid)
    setInterval(say, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program, await temporary()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const pid = Number(line)
  expect(isRunning(pid)).toBe(true)
  process.kill(pid, 'SIGSTOP')
  parent.kill('SIGKILL')
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false)
})

import { execFileSync } from 'node:child_process'
import { mkdtempSync, openSync, writeSync, closeSync, rmSync, statfsSync } from 'node:fs'
import { it } from 'vitest'
import { startTestServer } from '../support/test-server.ts'
import { gatherCrowd } from './crowd.ts'
import { createRandom } from './seeds.ts'
it('x', async () => {
  const dir = mkdtempSync('/tmp/full-')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=220m,mode=0755', 'tmpfs', dir])
  const free = () => { const s = statfsSync(dir); return Math.round(s.bavail * s.bsize / 1024) }
  try {
  const server = await startTestServer({ dataDirectory: dir + '/data' })
  const crowd = await gatherCrowd({ server, urls: [server.url], size: 3, random: createRandom(1) })
  const t0 = performance.now()
  const talk = await crowd.open()
  talk.begin(100)
  await talk.flow(10)
  const fd = openSync(dir + '/ballast', 'w')
  const block = Buffer.alloc(64 * 1024, 1)
  while (free() > 14_000) writeSync(fd, block)
  console.log('left', free(), execFileSync('ls', ['-la', dir + '/data/postgres/pg_wal']).toString())
  for (let i = 0; i < 20; i++) {
    await new Promise((r) => setTimeout(r, 1000))
    let ready = 0; try { ready = (await fetch(server.url + '/readyz')).status } catch {}
    console.log(Math.round(performance.now() - t0), 'free', free(), 'ready', ready, talk.sent.map((s) => s.length).join(), crowd.members.map((m) => `${m.parley.connection.get().status} acked ${m.ledger.acknowledged.get(talk.room)?.length} ${[...new Set(m.ledger.errors)]} ${m.ledger.errors.length}`).join(' | '))
    if (i < 10) for (let k = 0; k < 300; k++) talk.say(k % 3, Array.from({ length: 900 }, () => Math.random().toString(36).slice(2, 10)).join(''))
  }
  closeSync(fd); rmSync(dir + '/ballast')
  console.log('freed', free())
  talk.end()
  for (let i = 0; i < 15; i++) {
    await new Promise((r) => setTimeout(r, 1000))
    let ready = 0; try { ready = (await fetch(server.url + '/readyz')).status } catch {}
    console.log(Math.round(performance.now() - t0), 'free', free(), 'ready', ready, talk.sent.map((s) => s.length).join(), crowd.members.map((m) => `${m.parley.connection.get().status} acked ${m.ledger.acknowledged.get(talk.room)?.length} ${m.ledger.errors.length}`).join(' | '))
  }
  const lines = server.output().split('\n').filter((l) => !l.includes('"request"')).slice(8).map((l) => l.slice(0, 300))
  console.log(lines.filter((l, i) => i < 60 || /PANIC|FATAL|running|cannot/.test(l)).slice(0, 130).join('\n'), lines.slice(-20).join('\n'))
  await crowd.stop(); await server.stop()
  } finally { execFileSync('umount', ['-l', dir]); rmSync(dir, { recursive: true, force: true }) }
}, 100000)

/** `parley doctor`: looks at the machine and says what to do. */
import type { Command } from 'commander'
import type { Finding } from '../doctor/finding.ts'
import { settingNames } from '../settings/table.ts'
import { addSettings, settingsOf } from './options.ts'

const MARKS: Readonly<Record<Finding['state'], string>> = { good: 'ok  ', poor: 'hint', bad: 'BAD ' }
const SUBJECT_WIDTH = 14

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .summary('look at this machine and say what to do')
    .description(
      'Check, without starting anything, what Parley needs here. Ends with 1 when something is missing.',
    )
  addSettings(command, settingNames).action(async () => {
    const { examine } = await import('../doctor/examine.ts')
    const findings = await examine(settingsOf(command))
    for (const finding of findings) print(finding, SUBJECT_WIDTH)
    conclude(findings, 'Parley can run here.')
  })
  addCallsCommand(command)
}

function addCallsCommand(doctor: Command): void {
  const command = doctor
    .command('calls')
    .summary('try what calls need: STUN, TURN, the SFU, HTTPS')
    .description(
      'Try from this machine what calls need: each STUN, TURN and Janus server of the settings, with some seconds of packets through each relay, and the certificate of the public address. Ends with 1 when something is broken.',
    )
  addSettings(command, settingNames).action(async () => {
    const { listCallExaminations } = await import('../topology/check-calls/list-call-examinations.ts')
    const examinations = listCallExaminations(settingsOf(command))
    const width = Math.max(...examinations.map(({ subject }) => subject.length))
    const findings: Finding[] = []
    for (const { subject, run } of examinations) {
      showProgress(`...   ${subject}`)
      const finding = await run()
      showProgress('')
      print(finding, width)
      findings.push(finding)
    }
    conclude(findings, 'Calls can work with this.')
  })
}

function print({ state, subject, says }: Finding, width: number): void {
  console.log(`${MARKS[state]}  ${subject.padEnd(width)}  ${says}`)
}

function conclude(findings: readonly Finding[], fine: string): void {
  const bad = findings.filter(({ state }) => state === 'bad').length
  console.log(
    bad === 0 ? `\n${fine}` : `\n${bad === 1 ? 'One thing has' : `${bad} things have`} to be mended first.`,
  )
  process.exitCode = bad === 0 ? 0 : 1
}

/** A line that the next one takes the place of, for who looks on. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
}

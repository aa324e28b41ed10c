/** `parley doctor`: looks at the machine and says what to do. */
import type { Command } from 'commander'
import type { Finding } from '../doctor/examine.ts'
import { settingNames } from '../settings/table.ts'
import { addSettings, settingsOf } from './options.ts'

const MARKS: Readonly<Record<Finding['state'], string>> = { good: 'ok  ', poor: 'hint', bad: 'BAD ' }

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
    for (const { state, subject, says } of findings)
      console.log(`${MARKS[state]}  ${subject.padEnd(14)}  ${says}`)
    const bad = findings.filter(({ state }) => state === 'bad').length
    console.log(
      bad === 0
        ? '\nParley can run here.'
        : `\n${bad === 1 ? 'One thing has' : `${bad} things have`} to be mended first.`,
    )
    process.exitCode = bad === 0 ? 0 : 1
  })
}

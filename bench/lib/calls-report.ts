import type { CallsResults, Measured } from './calls-arms.ts'
import type { Adaptation } from './calls-bitrate.ts'
import type { FirstFrames } from './calls-first-frame.ts'
import type { CallCosts, Costs, Entered } from './calls-group.ts'
import type { Recovery } from './calls-recovery.ts'
import { formatCount, formatRatio, markdownTable } from './report.ts'
import { median, spread } from './statistics.ts'

/** The tables of `calls`: medians, with the least and the greatest. */

export function reportCalls({ firstFrame, entering, recovery, bitrate, costs }: CallsResults): string {
  return [
    firstFrame === undefined ? '' : clicks(firstFrame),
    entering === undefined ? '' : entered(entering),
    ...(recovery ?? []).map(({ label, subjects }) => changes(label, subjects)),
    bitrate === undefined ? '' : limits(bitrate),
    costs === undefined ? '' : servers(costs),
    ...(firstFrame ?? []).map(failures),
    ...(entering ?? []).map(failures),
    ...(recovery ?? []).flatMap(({ subjects }) => subjects.map(failures)),
    ...(bitrate ?? []).map(failures),
    ...(costs ?? []).map(failures),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

interface Column<T> {
  readonly title: string
  readonly of: (round: T) => number | null
  readonly format: (value: number) => string
}

/** A row a subject. Null is what did not happen while one looked: more than any number. */
function table<T>(title: string, subjects: readonly Measured<T>[], columns: readonly Column<T>[]): string {
  return markdownTable({
    columns: [
      { title, align: 'left' },
      ...columns.map((column) => ({ title: column.title, align: 'right' as const })),
    ],
    rows: subjects.map(({ label, rounds, reasons }) => [
      label,
      ...columns.map(({ of, format }) => {
        if (rounds.length === 0 || reasons.length > 0) return 'no figure'
        const {
          median: middle,
          min,
          max,
        } = spread(rounds.map((round) => of(round) ?? Number.POSITIVE_INFINITY))
        const text = (value: number) => (Number.isFinite(value) ? format(value) : 'not seen')
        return `${text(middle)} (${text(min)} – ${text(max)})`
      }),
    ]),
  })
}

const ms = (value: number) => `${formatCount(value)} ms`
const seconds = (value: number) => `${formatCount(value / 1000)} s`
const kbits = (value: number) => `${formatCount(value / 1000)} kbit/s`
const mb = (value: number) => `${formatCount(value / 1e6)} MB`
const percent = (value: number) => `${formatCount(value * 100)} %`

function clicks(subjects: readonly Measured<FirstFrames>[]): string {
  const [floor, own, relayedFloor, relayedOwn] = subjects
  const rows = table('click on "answer" to the first frame', subjects, [
    { title: 'devices open', of: ({ devices }) => devices, format: ms },
    { title: 'connected', of: ({ connected }) => connected, format: ms },
    { title: 'decoded: who answered', of: ({ callee }) => callee, format: ms },
    { title: 'painted', of: ({ calleeShown }) => calleeShown, format: ms },
    { title: 'decoded: who called', of: ({ caller }) => caller, format: ms },
    { title: 'painted', of: ({ callerShown }) => callerShown, format: ms },
  ])
  const ratios = [ratio('direct', own, floor), ratio('relayed', relayedOwn, relayedFloor)]
  return `${rows}\n\nParley / bare WebRTC, of the medians: ${ratios.filter((text) => text !== '').join('; ')}.`
}

function ratio(
  label: string,
  own: Measured<FirstFrames> | undefined,
  floor: Measured<FirstFrames> | undefined,
): string {
  if (own === undefined || floor === undefined || own.rounds.length * floor.rounds.length === 0) return ''
  const of = (who: 'callee' | 'caller') =>
    formatRatio(
      median(own.rounds.map((round) => round[who])) / median(floor.rounds.map((round) => round[who])),
    )
  return `${label} ${of('callee')} for who answered, ${of('caller')} for who called`
}

function entered(subjects: readonly Measured<Entered>[]): string {
  return table('click on "answer" to the first frame', subjects, [
    { title: 'of somebody', of: ({ first }) => first, format: ms },
    { title: 'of everybody', of: ({ all }) => all, format: ms },
  ])
}

function changes(label: string, subjects: readonly Measured<Recovery>[]): string {
  return table(`${label}: until frames are decoded again`, subjects, [
    { title: 'whose network it is', of: ({ here }) => here, format: seconds },
    { title: 'the other one', of: ({ there }) => there, format: seconds },
  ])
}

function limits(subjects: readonly Measured<Adaptation>[]): string {
  const frames = (value: number) => formatCount(value)
  return table('a narrow uplink', subjects, [
    { title: 'sent before', of: ({ before }) => before.sentBits, format: kbits },
    { title: 'during', of: ({ during }) => during.sentBits, format: kbits },
    { title: 'after', of: ({ after }) => after.sentBits, format: kbits },
    { title: 'frames/s before', of: ({ before }) => before.framesPerSecond, format: frames },
    { title: 'during', of: ({ during }) => during.framesPerSecond, format: frames },
    { title: 'until it fits', of: ({ fitsMs }) => fitsMs, format: seconds },
    { title: 'until 80 % again', of: ({ backMs }) => backMs, format: seconds },
    { title: 'freezes', of: ({ freezes }) => freezes, format: frames },
    { title: 'frozen', of: ({ frozenSeconds }) => frozenSeconds * 1000, format: seconds },
  ])
}

function servers(subjects: readonly Measured<CallCosts>[]): string {
  const aPerson = (of: (costs: Costs) => number) => (round: CallCosts) =>
    (of(round.call) - of(round.idle)) / round.people
  return table('cost of a call', subjects, [
    { title: 'Janus, of a core', of: ({ call }) => call.janus.cpu, format: percent },
    { title: 'a person', of: aPerson(({ janus }) => janus.cpu), format: percent },
    { title: 'its memory', of: ({ call }) => call.janus.residentBytes, format: mb },
    { title: 'Parley, of a core', of: ({ call }) => call.parley.cpu, format: percent },
    { title: 'without a call', of: ({ idle }) => idle.parley.cpu, format: percent },
    { title: 'its memory', of: ({ call }) => call.parley.residentBytes, format: mb },
    { title: 'PostgreSQL', of: ({ call }) => call.database.cpu, format: percent },
    { title: 'decoded frames/s', of: ({ framesPerSecond }) => framesPerSecond, format: formatCount },
    { title: 'received', of: ({ receivedBits }) => receivedBits, format: kbits },
  ])
}

function failures<T>({ label, reasons }: Measured<T>): string {
  return reasons.length === 0 ? '' : `${label}:\n${reasons.map((reason) => `- ${reason}`).join('\n')}`
}

// Imports point one way (ARCHITECTURE.md). A small scanner of our own: dependency-cruiser reads TypeScript through
// the compiler's JavaScript interface, which TypeScript 7 no longer has.
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listFiles, PROJECT } from './list-files.mjs'

const SOURCE = /\.(ts|tsx|mjs|js)$/
const TEST = /\.test\.tsx?$/
const OURS = /^@parley\/([a-z]+)(?:\/(.*))?$/

/** Which of our packages each part may import, and what to say otherwise. */
const RINGS = [
  {
    from: 'packages/protocol',
    to: [],
    why: 'the public contract stands alone: server, SDK and web share it',
  },
  {
    from: 'packages/contracts',
    to: ['protocol'],
    why: 'contracts know the protocol and nothing of who keeps them',
  },
  {
    from: 'packages/services',
    to: ['contracts', 'protocol'],
    why: 'a service reaches others through contracts and ports only',
  },
  {
    from: 'packages/gateways',
    to: ['contracts', 'protocol'],
    why: 'a gateway translates the wire to contracts; who stands behind them is the topology’s business',
  },
  {
    from: 'packages/adapters',
    to: ['contracts', 'protocol'],
    why: 'an adapter implements a port and knows no service',
  },
  { from: 'packages/sdk', to: ['protocol'], why: 'the SDK knows the server by the protocol only' },
  { from: 'apps/web', to: ['sdk', 'protocol'], why: 'the web client talks to the server through the SDK' },
  {
    from: 'apps/server',
    to: ['services', 'gateways', 'adapters', 'contracts', 'protocol'],
    why: 'the composition root builds the server, not a client',
  },
  { from: 'tests/conformance', to: [], why: 'the conformance suite knows nothing but protocol.md' },
]

/** Only this folder knows which adapters there are. */
const ADAPTERS_ONLY_IN = 'apps/server/src/topology/'
/** Services and gateways are neighbours that do not visit each other; what they share lies in `shared/`. */
const NEIGHBOURS = /^packages\/(services|gateways)\/src\/([a-z]+)\//

/** Complaints about one file, each a sentence. */
export function checkImports(path, text) {
  const ring = RINGS.find(({ from }) => path.startsWith(`${from}/`))
  const complaints = []
  for (const specifier of importsOf(text)) {
    const complain = (why) => complaints.push(`${path} imports "${specifier}": ${why}`)
    if (specifier.startsWith('.')) {
      checkRelative(path, posix.normalize(posix.join(posix.dirname(path), specifier)), complain)
      continue
    }
    const [, name, inner = ''] = OURS.exec(specifier) ?? []
    if (name === undefined || ring === undefined) continue
    // A test may set up what its subject must not know.
    if (TEST.test(path) && !path.startsWith('tests/')) continue
    if (ring.from.endsWith(`/${name}`)) {
      checkRelative(path, `packages/${name}/src/${inner}`, complain)
    } else if (!ring.to.includes(name)) {
      complain(ring.why)
    } else if (name === 'adapters' && !path.startsWith(ADAPTERS_ONLY_IN)) {
      complain(`only ${ADAPTERS_ONLY_IN} knows which adapters there are`)
    }
  }
  return complaints
}

function checkRelative(path, target, complain) {
  if (TEST.test(path)) return
  const home = /^(apps|packages)\/[a-z]+\//.exec(path)?.[0]
  if (home !== undefined && !target.startsWith(home)) {
    complain('a package is imported by its name, and what lies outside of all packages not at all')
    return
  }
  const [, , here] = NEIGHBOURS.exec(path) ?? []
  const [, , there] = NEIGHBOURS.exec(`${target}/`) ?? []
  if (here !== undefined && there !== undefined && here !== there && there !== 'shared') {
    complain(`${here}/ and ${there}/ meet through contracts, or share what lies in shared/`)
  }
}

/** Every module a source names: static, for its types, for its effect, or lazily. */
export function importsOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/^\s*\/\/.*$/gm, ' ')
  const forms = [
    /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"\n]+)['"]/g,
    /\bimport\s*['"]([^'"\n]+)['"]/g,
    /\bimport\s*\(\s*['"]([^'"\n]+)['"]/g,
  ]
  return [...new Set(forms.flatMap((form) => [...code.matchAll(form)].map(([, specifier]) => specifier)))]
}

function main() {
  const files = listFiles().filter((path) => SOURCE.test(path))
  const complaints = files.flatMap((path) => checkImports(path, readFileSync(join(PROJECT, path), 'utf8')))
  for (const complaint of complaints) console.error(complaint)
  console.log(`${files.length} files, ${complaints.length} imports in the wrong direction`)
  if (complaints.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
